"""The words of forms 2 and 3 and of drafts (domain.md; Kazakh letter for letter)."""

from acts.wording import Label

DRAFT = {"draft.mark": Label("ЖОБА", "ПРОЕКТ", "DRAFT")}

FORM2 = {
    "form2.name": Label("2 үлгі", "форма 2", "form 2"),
    "form2.subject": Label(
        "емтихандағы тәртіп ережелерін бұзу туралы актіге қол қоюдан бас тарту туралы",
        "об отказе подписать акт о нарушении правил поведения на экзамене",
        "on refusal to sign the act on breach of the exam rules",
    ),
    "form2.me": Label("Мен,", "Я,", "I,"),
    "form2.person": Label("(АТӘ, қызметі)", "(ФИО, должность)", "(full name, position)"),
    "form2.present": Label("мыналардың қатысуымен:", "в присутствии:", "in the presence of:"),
    "form2.certify": Label(
        "Куәлік етемін: білім алушы", "удостоверяю: обучающийся", "I certify: the student"
    ),
    "form2.student": Label("(АТӘ)", "(ФИО)", "(student's full name)"),
    "form2.group": Label("топ №", "группа №", "group No."),
    "form2.breach": Label(
        "емтихандағы мінез-құлық ережелерін бұзғаны туралы",
        "о нарушении правил поведения на экзамене",
        "on breach of the rules of conduct at the exam",
    ),
    "form2.refused": Label(
        "___ № ___ АКТ-ге қол қоюдан бас тартты",
        "отказался(-лась) подписать АКТ от ___ № ___",
        "refused to sign the ACT of ___, No. ___",
    ),
    "form2.signature": Label("(қолы)", "(подпись)", "(signature)"),
}

FORM3 = {
    "form3.name": Label("3 үлгі", "форма 3", "form 3"),
    "form3.subject": Label(
        "емтихан өткізу барысында бөгде адамды анықтау",
        "о выявлении постороннего лица в ходе проведения экзамена",
        "on finding an outsider during the exam",
    ),
    "form3.authors": Label(
        "Осы актіні жасаған тұлғалар",
        "Лица, составившие настоящий акт",
        "Those who drew up this act",
    ),
    "form3.group": Label("топ №", "группа №", "group No."),
    "form3.instead": Label(
        "Білім алушының орнына", "Вместо обучающегося", "In place of the student"
    ),
    "form3.full_name": Label("(АТӘ)", "(ФИО)", "(full name)"),
    "form3.citizen": Label("азаматтың", "гражданин(-ка)", "the citizen"),
    "form3.fact": Label(
        "емтихан тапсыруға әрекет ету фактісі анықталды",
        "пытался(-лась) сдать экзамен: факт установлен",
        "attempted to sit the exam: the fact is established",
    ),
    "form3.resolution": Label(
        "Осы фактіні ескере отырып, ҚАУЛЫ ЕТТІ:",
        "Учитывая данный факт, ПОСТАНОВИЛИ:",
        "In view of this fact, RESOLVED:",
    ),
    "form3.resolution_end": Label(
        "білім алушының емтихан нәтижелерін жою",
        "аннулировать результаты экзамена обучающегося",
        "to annul the exam results of the student",
    ),
    "form3.signature": Label(
        "білім алушының / жалған тұлғаның қолы",
        "подпись обучающегося / подставного лица",
        "signature of the student / the impostor",
    ),
    "form3.enrolled": Label(
        "Білім алушының тіркелген суреті",
        "Зарегистрированное фото обучающегося",
        "The student's enrolled photo",
    ),
    "form3.seen": Label("Емтихандағы адам", "Человек на экзамене", "The person at the exam"),
    "form3.no_picture": Label("сурет жоқ", "фото нет", "no picture"),
    "form3.picture_unreadable": Label(
        "сурет оқылмайды", "фото не читается", "the picture cannot be read"
    ),
}
