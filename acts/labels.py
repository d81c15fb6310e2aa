"""Every word the documents print, in Kazakh, Russian and English.

Kazakh is the form's own wording (domain.md), letter for letter, and official;
Russian and English are offered beside it. ``___`` marks where a value goes.
"""

from collections.abc import Mapping
from types import MappingProxyType

from acts.contracts import Language
from acts.labels_erasure import ERASURE
from acts.labels_form23 import DRAFT, FORM2, FORM3
from acts.labels_package import PACKAGE
from acts.labels_people import PEOPLE
from acts.labels_results import PROTOCOL, REPORT, STATEMENT
from acts.wording import Label

FORM1 = {
    "form1.name": Label("1 үлгі", "форма 1", "form 1"),
    "form1.number": Label("АКТ №", "АКТ №", "ACT No."),
    "form1.subject": Label(
        "емтихандағы тәртіп ережелерін бұзу туралы",
        "о нарушении правил поведения на экзамене",
        "on breach of the exam rules",
    ),
    "form1.replaces": Label(
        "___-редакция (___-редакцияның орнына)",
        "редакция ___ (взамен редакции ___)",
        "revision ___ (replaces revision ___)",
    ),
    "form1.discipline": Label("Пән", "Дисциплина", "Discipline"),
    "form1.authors": Label(
        "Осы актіні жасаған тұлғалардың тегі, аты, әкесінің аты:",
        "Фамилия, имя, отчество лиц, составивших настоящий акт:",
        "Surname, first name and patronymic of those who drew up this act:",
    ),
    "form1.student": Label("Білім алушының АТӘ", "ФИО обучающегося", "Student's full name"),
    "form1.faculty": Label("Факультет", "Факультет", "Faculty"),
    "form1.course": Label("Курс", "Курс", "Year"),
    "form1.group": Label("Топ №", "Группа №", "Group No."),
    "form1.date": Label("Күні", "Дата", "Date"),
    "form1.time": Label("Уақыты", "Время", "Time"),
    "form1.description": Label(
        "Бұзушылықтың сипаттамасы (керегін белгілеу / немесе астын сызу):",
        "Описание нарушения (нужное отметить / или подчеркнуть):",
        "Description of the breach (tick / or underline what applies):",
    ),
    "form1.resolution": Label(
        "Осы фактіні ескере отырып:", "Учитывая данный факт:", "In view of this fact:"
    ),
    "form1.resolution_student": Label(
        "(білім алушының АТӘ)", "(ФИО обучающегося)", "(student's full name)"
    ),
    "form1.resolution_end": Label(
        "білім алушының емтихан нәтижелерін жою",
        "аннулировать результаты экзамена обучающегося",
        "the student's exam results are to be annulled",
    ),
    "form1.acquainted": Label(
        "Актімен таныстым:", "С актом ознакомлен(а):", "I have read the act:"
    ),
    "form1.student_signature": Label(
        "Білім алушының қолы", "Подпись обучающегося", "Student's signature"
    ),
    "form1.dean": Label("Факультет деканы", "Декан факультета", "Dean of the faculty"),
    "form1.year": Label("20__ ж.", "20__ г.", "20__"),
    "form1.in_annex": Label("қосымша, № ___", "приложение, № ___", "annex, No. ___"),
    "form1.technical": Label("техникалық белгілер", "технические отметки", "technical flags"),
    "form1.verify": Label("Тексеру", "Проверка", "Verify"),
}

ITEMS = {
    "item.phone": Label(
        "ұялы телефонды пайдалану", "использование мобильного телефона", "use of a mobile phone"
    ),
    "item.cheat_sheet": Label(
        "шпаргалкаларды пайдалану", "использование шпаргалок", "use of cheat sheets"
    ),
    "item.electronic_means": Label(
        "электрондық байланыс құралдарын пайдалану (құлаққаптар және т.б.)",
        "использование электронных средств связи (наушники и т. п.)",
        "use of electronic means of communication (headphones etc.)",
    ),
    "item.other_screen": Label(
        "басқа компьютер экранынан ақпаратты оқу",
        "чтение информации с экрана другого компьютера",
        "reading information from another computer's screen",
    ),
    "item.leaving_seat": Label(
        "өздігінен орын ауыстыру, аудиториядан шығу",
        "самовольная смена места, выход из аудитории",
        "changing seats without permission, leaving the room",
    ),
    "item.conversation": Label(
        "студенттер арасындағы әңгімелер",
        "разговоры между студентами",
        "conversation between students",
    ),
    "item.none": Label(
        "техникалық белгі, тармаққа жатпайды",
        "техническая отметка, к пунктам не относится",
        "technical flag, ticks no item",
    ),
}

KINDS = {
    "kind.absence": Label(
        "камера алдында адам жоқ", "нет человека в кадре", "no person in the picture"
    ),
    "kind.extra_face": Label("кадрда бөгде адам", "второй человек в кадре", "second person"),
    "kind.identity_mismatch": Label(
        "бет білім алушының суретіне сәйкес емес",
        "лицо не соответствует фотографии обучающегося",
        "face differs from the student's photo",
    ),
    "kind.phone": Label("ұялы телефон", "мобильный телефон", "mobile phone"),
    "kind.notes": Label("жазба немесе кітап", "записи или книга", "notes or a book"),
    "kind.headphones": Label("құлаққап", "наушники", "headphones"),
    "kind.second_screen": Label("екінші экран", "второй экран", "second screen"),
    "kind.looking_away": Label(
        "экраннан тыс қарау", "взгляд в сторону от экрана", "looking away from the screen"
    ),
    "kind.speech": Label("сөйлеу", "речь", "speech"),
    "kind.camera_blocked": Label(
        "камера жабық немесе қараңғы", "камера закрыта или темно", "camera covered or dark"
    ),
    "kind.feed_frozen": Label("бейне қатып қалған", "изображение застыло", "picture frozen"),
    "kind.feed_looped": Label(
        "бейне қайталанып тұр", "изображение повторяется", "picture repeats itself"
    ),
    "kind.virtual_camera": Label("виртуалды камера", "виртуальная камера", "virtual camera"),
    "kind.focus_lost": Label("тест терезесінен шығу", "уход из окна теста", "left the test window"),
    "kind.connection_lost": Label("байланыс үзілді", "связь прервалась", "connection lost"),
    "kind.seat_changed": Label(
        "орны немесе адам ауысты", "сменилось место или человек", "seat or person changed"
    ),
    "kind.identity_unclear": Label(
        "бетті суретпен салыстыру мүмкін болмады",
        "лицо не удалось сравнить с фотографией",
        "face could not be compared with the photo",
    ),
    "kind.analysis_lost": Label(
        "автоматты бақылау үзілді", "автоматическое наблюдение прервалось", "automatic watch broke"
    ),
}

ANNEX = {
    "annex.title": Label("Қосымша: дәлелдемелер", "Приложение: доказательства", "Annex: evidence"),
    "annex.human": Label(
        "Белгілерді бағдарлама қойды, әрқайсысын адам қарап, растады. "
        "Бұзушылық туралы шешімді бағдарлама емес, адам қабылдайды.",
        "Отметки поставила программа, каждую просмотрел и подтвердил человек. "
        "Решение о нарушении принимает человек, а не программа.",
        "The flags were raised by software; each was reviewed and confirmed by a person. "
        "A person, not software, decides on a breach.",
    ),
    "annex.about": Label("Жазба туралы", "О записи", "About the recording"),
    "annex.exam_date": Label("Емтихан күні", "Дата экзамена", "Exam date"),
    "annex.zero": Label(
        "Жазба басталған уақыт (00:00:00)", "Начало записи (00:00:00)", "Recording began (00:00:00)"
    ),
    "annex.made_at": Label("Акт жасалған уақыт", "Акт составлен", "Act made"),
    "annex.coverage": Label("Жазылған уақыт", "Записано", "On record"),
    "annex.supplied": Label(
        "оның ішінде үзілістен кейін білім алушының компьютері жібергені",
        "в том числе передано компьютером обучающегося после разрыва",
        "of it sent by the student's computer after a gap",
    ),
    "annex.coverage_of": Label("емтихан уақытынан", "от времени экзамена", "of the exam time"),
    "annex.digest": Label("Жазбаның хэші", "Хеш записи", "Recording digest"),
    "annex.recording": Label("Жазбаға сілтеме", "Ссылка на запись", "Recording"),
    "annex.software": Label("Бағдарлама", "Программа", "Software"),
    "annex.fps": Label(
        "секундына орта есеппен ___ кадр талданды",
        "в среднем анализировалось ___ кадра в секунду",
        "analysed on average ___ pictures a second",
    ),
    "annex.fps_unknown": Label(
        "секундына неше кадр талданғаны белгісіз",
        "сколько кадров в секунду анализировалось, неизвестно",
        "how many pictures a second were analysed is unknown",
    ),
    "annex.verify": Label(
        "Актінің өзгермегенін тексеру",
        "Проверить, что акт не изменён",
        "Check the act is unaltered",
    ),
    "annex.timeline": Label("Уақыт шкаласы", "Шкала времени", "Timeline"),
    "annex.exam": Label("емтихан", "экзамен", "exam"),
    "annex.so_far": Label(
        "акт жасалған сәтке дейін",
        "на момент составления акта",
        "so far, when the act was made",
    ),
    "annex.recorded": Label("жазба", "запись", "recording"),
    "annex.gap": Label("жазба жоқ", "записи нет", "not recorded"),
    "annex.legend": Label(
        "Сан — белгінің нөмірі, ақ аралық — жазба жоқ.",
        "Число — номер отметки, белый промежуток — записи нет.",
        "A number is the flag's; a white stretch is not on record.",
    ),
    "annex.items": Label("Расталған белгілер", "Подтверждённые отметки", "Confirmed flags"),
    "annex.no_items": Label(
        "Расталған белгі жоқ.", "Подтверждённых отметок нет.", "There are no confirmed flags."
    ),
    "annex.item": Label("Тармақ", "Пункт", "Item"),
    "annex.span": Label("Уақыт аралығы", "Промежуток", "Time span"),
    "annex.confidence": Label("Сенімділік", "Уверенность", "Confidence"),
    "annex.model": Label("Модель", "Модель", "Model"),
    "annex.recall": Label(
        "Модельдің өлшенген толымдылығы",
        "Измеренная полнота модели",
        "Measured recall of the model",
    ),
    "annex.recall_of": Label(
        "көрініп тұрған телефондардан", "из видимых телефонов", "of visible phones"
    ),
    "annex.clip": Label("Бейнеүзінді", "Видеофрагмент", "Clip"),
    "annex.clip_digest": Label("Үзіндінің хэші", "Хеш фрагмента", "Clip digest"),
    "annex.frame": Label("Кадр", "Кадр", "Frame"),
    "annex.frame_digest": Label("Кадрдың хэші", "Хеш кадра", "Frame digest"),
    "annex.frame_unreadable": Label(
        "кадр оқылмайды", "кадр не читается", "the frame cannot be read"
    ),
    "annex.decided_by": Label("Растаған", "Подтвердил(а)", "Confirmed by"),
    "annex.comment": Label("Түсініктеме", "Комментарий", "Comment"),
    "annex.open": Label("ашу", "открыть", "open"),
    "footer.revision": Label("___-редакция", "редакция ___", "revision ___"),
}

GAPS = {
    "gap.network": Label("байланыс", "связь", "network"),
    "gap.client_ended": Label(
        "білім алушы тоқтатты", "остановлено обучающимся", "stopped by student"
    ),
    "gap.camera_off": Label("камера өшірулі", "камера выключена", "camera off"),
    "gap.browser_closed": Label("браузер жабық", "браузер закрыт", "browser closed"),
    "gap.storage": Label(
        "серверде жазу сәтсіз болды", "сбой записи на сервере", "the server could not store it"
    ),
    "gap.server_restart": Label(
        "сервер қайта іске қосылды", "перезапуск сервера", "server restart"
    ),
}

FORM4 = {
    "form4.name": Label("4 үлгі", "форма 4", "form 4"),
    "form4.no": Label("№", "№", "No."),
    "form4.student": Label("АЖӘ", "ФИО", "Full name"),
    "form4.programme": Label("Мамандығы/БББ", "Специальность/ОП", "Specialty/programme"),
    "form4.course_group": Label("Курс, топ", "Курс, группа", "Year, group"),
    "form4.discipline": Label("Пән", "Дисциплина", "Discipline"),
    "form4.exam_date": Label("Емтихан күні", "Дата экзамена", "Exam date"),
    "form4.link": Label("Сілтеме", "Ссылка", "Link"),
    "form4.act": Label(
        "АКТ (жасалды/жасалмады)", "АКТ (составлен/не составлен)", "Act (made/not made)"
    ),
    "form4.proctor": Label("Проктордың АЖӘ", "ФИО проктора", "Proctor's full name"),
    "form4.made": Label("жасалды", "составлен", "made"),
    "form4.not_made": Label("жасалмады", "не составлен", "not made"),
    "form4.checked": Label(
        "Тексерілді ___ академиялық адалдықты бұзғаны үшін емтихан жұмыстары",
        "Проверено ___ экзаменационных работ на нарушение академической честности",
        "Checked ___ exam papers for breaches of academic honesty",
    ),
    "form4.acts_made": Label(
        "Оның ішінде акт жасалды ___", "Из них составлен акт ___", "Of these, acts made ___"
    ),
    "form4.member": Label(
        "Жұмыс тобы мүшесінің АЖӘ ___ (қолы)",
        "ФИО члена рабочей группы ___ (подпись)",
        "Working-group member ___ (signature)",
    ),
    "form4.date": Label("Күні", "Дата", "Date"),
    "form4.choose": Label(
        "Тізімнен таңдаңыз: жасалды немесе жасалмады",
        "Выберите из списка: жасалды или жасалмады",
        "Choose from the list: жасалды or жасалмады",
    ),
}

HTML = {
    "html.copy": Label(
        "Бұл — актінің оқуға ыңғайлы көшірмесі; түпнұсқасы — мөр басылған PDF файлы.",
        "Это копия акта, удобная для чтения; подлинник — файл PDF с печатью.",
        "This is an accessible copy of the act; the sealed PDF file is the original.",
    ),
    "html.ticked": Label("белгіленген", "отмечено", "ticked"),
    "html.unticked": Label("белгіленбеген", "не отмечено", "not ticked"),
    "html.flag": Label("белгі", "отметка", "flag"),
    "html.marked": Label(
        "анықталған аймақ белгіленген",
        "найденная область обведена",
        "the detected region is marked",
    ),
}

VERIFY = {
    "verify.not_pdf": Label("Бұл PDF файлы емес.", "Это не файл PDF.", "This is not a PDF file."),
    "verify.unreadable": Label(
        "Файл бүлінген: толық оқылмайды.",
        "Файл повреждён: он не читается целиком.",
        "The file is damaged: it cannot be read as a whole.",
    ),
    "verify.no_seal": Label("Файлда мөр жоқ.", "В файле нет печати.", "The file carries no seal."),
    "verify.many_seals": Label(
        "Файлда бірнеше қолтаңба бар, ал жүйе біреуін ғана қояды.",
        "В файле несколько подписей, а система ставит одну.",
        "The file carries several signatures; the system sets one.",
    ),
    "verify.seal_unreadable": Label("Мөр бүлінген.", "Печать повреждена.", "The seal is damaged."),
    "verify.not_covered": Label(
        "Мөр бүкіл файлды қамтымайды: кейін бірдеңе қосылған немесе қиылған.",
        "Печать покрывает не весь файл: к нему что-то добавили или от него отрезали.",
        "The seal does not cover the whole file: something was added or cut off.",
    ),
    "verify.not_final": Label(
        "Мөр өзгертуге тыйым салмайды: ол осы жүйенің мөрі емес.",
        "Печать не запрещает изменений: это не печать данной системы.",
        "The seal does not forbid changes: it is no seal of this system.",
    ),
    "verify.content_changed": Label(
        "Файл мөр басылғаннан кейін өзгертілген.",
        "Файл изменён после того, как его заверили печатью.",
        "The file was changed after it was sealed.",
    ),
    "verify.seal_forged": Label(
        "Мөр өз сертификатына сәйкес келмейді.",
        "Печать не соответствует своему сертификату.",
        "The seal does not match its certificate.",
    ),
    "verify.timestamp_forged": Label(
        "Мөрдің уақыт белгісі жалған немесе басқа мөрдікі.",
        "Метка времени печати подделана или относится к другой печати.",
        "The seal's timestamp is forged, or is of another seal.",
    ),
    "verify.other_key": Label(
        "Мөр басқа кілтпен қойылған: сенімді сертификаттардың ешқайсысы емес.",
        "Печать поставлена другим ключом: это не доверенный сертификат.",
        "The seal was set with another key: it is none of the trusted certificates.",
    ),
    "verify.draft": Label(
        "Бұл — жоба, акт емес.", "Это проект, а не акт.", "This is a draft, not an act."
    ),
    "verify.not_act": Label(
        "Мөр басылған файл бұл жүйенің актісі емес.",
        "Заверенный печатью файл не является актом данной системы.",
        "The sealed file is no act of this system.",
    ),
}

LABELS: Mapping[str, Label] = MappingProxyType(
    {
        **FORM1,
        **FORM2,
        **FORM3,
        **DRAFT,
        **ITEMS,
        **KINDS,
        **ANNEX,
        **GAPS,
        **HTML,
        **FORM4,
        **VERIFY,
        **PACKAGE,
        **PEOPLE,
        **ERASURE,
        **STATEMENT,
        **PROTOCOL,
        **REPORT,
    }
)


def label(key: str, language: Language = "kk") -> str:
    return LABELS[key].in_(language)


def kind_name(kind: str, language: Language = "kk") -> str:
    """A flag kind's name; a kind this version does not know prints as its stored code."""
    known = LABELS.get(f"kind.{kind}")
    return known.in_(language) if known else kind


def filled(key: str, language: Language, *values: str) -> str:
    """The label with each ``___`` replaced by the next value."""
    pieces = label(key, language).split("___")
    return "".join(piece + value for piece, value in zip(pieces, (*values, ""), strict=True))
