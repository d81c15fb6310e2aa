"""The words of the certificate that data were erased."""

from acts.wording import Label

ERASURE = {
    "erasure.name": Label(
        "Деректерді жою куәлігі", "Свидетельство об удалении данных", "Erasure certificate"
    ),
    "erasure.about": Label("Кімнің деректері", "Чьи данные", "Whose data"),
    "erasure.exam": Label("Емтихан", "Экзамен", "Exam"),
    "erasure.rule": Label("Негіздеме", "Основание", "Rule"),
    "erasure.by": Label("Жойған", "Удалил(а)", "Erased by"),
    "erasure.clock": Label("жүйе, мерзімі бойынша", "система, по сроку", "the system, when due"),
    "erasure.by.planner": Label(
        "студентті емтиханнан шығарған қызметкер (аудит журналында көрсетілген)",
        "сотрудник, снявший студента с экзамена (указан в журнале аудита)",
        "who withdrew the student from the exam (named in the audit log)",
    ),
    "erasure.began": Label("Басталуы", "Начало", "Began"),
    "erasure.ended": Label("Аяқталуы", "Окончание", "Ended"),
    "erasure.total": Label("Барлығы жойылды", "Всего удалено", "Erased in all"),
    "erasure.items": Label("Жойылғандар", "Что удалено", "What was erased"),
    "erasure.what": Label("Түрі", "Вид", "Kind"),
    "erasure.count": Label("Саны", "Количество", "Count"),
    "erasure.bytes": Label("Көлемі, байт", "Объём, байт", "Size, bytes"),
    "erasure.digest": Label(
        "Жойылғанға дейінгі SHA-256", "SHA-256 до удаления", "SHA-256 before erasure"
    ),
    "erasure.kept": Label("Сақталғаны және себебі", "Что оставлено и почему", "What is kept, why"),
    "erasure.rule.keeping_time": Label(
        "сақтау мерзімі өтті: түсірілгеннен кейін {days} күн",
        "срок хранения истёк: {days} дней после съёмки",
        "the keeping time is over: {days} days after they were taken",
    ),
    "erasure.rule.withdrawn": Label(
        "студент тест басталғанға дейін емтиханнан шығарылды: фотолар енді қажет емес",
        "студент снят с экзамена до начала теста: фото больше не нужны",
        "the student was withdrawn before the test: the photos have no purpose any more",
    ),
    "erasure.kept.acts": Label(
        "Актіге енген көшірме осы актімен бірге сақталады.",
        "Копия, вошедшая в акт, хранится вместе с этим актом.",
        "A copy that became part of an act is kept with that act.",
    ),
    "erasure.responsible": Label("Жауапты тұлға", "Ответственное лицо", "Responsible person"),
    "erased.recording": Label("жазба", "запись", "recording"),
    "erased.clip": Label("бейнеүзінді", "видеофрагмент", "clip"),
    "erased.frame": Label("кадр", "кадр", "frame"),
    "erased.identity_photo": Label("тұлға суреті", "фото личности", "identity photo"),
    "erased.export": Label("MP4 файлы", "файл MP4", "MP4 file"),
    "erased.message": Label("хат алмасу", "переписка", "messages"),
    "erased.answers": Label("жауаптар", "ответы", "answers"),
}
