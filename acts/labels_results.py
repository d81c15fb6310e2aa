"""The words of the grade statement, the appeal protocol and the session's report."""

from acts.wording import Label

STATEMENT = {
    "statement.name": Label("Емтихан ведомосі", "Экзаменационная ведомость", "Grade statement"),
    "statement.discipline": Label("Пән", "Дисциплина", "Discipline"),
    "statement.department": Label("Кафедрасы", "Кафедра", "Department"),
    "statement.date": Label("Емтихан күні", "Дата экзамена", "Date of the exam"),
    "statement.shares": Label(
        "Рейтинг пен емтиханның үлесі",
        "Доли рейтинга и экзамена",
        "Shares of rating and exam",
    ),
    "statement.count": Label("Білім алушылар саны", "Число обучающихся", "Students"),
    "statement.mean": Label("Орташа қорытынды балл", "Средний итоговый балл", "Mean final points"),
    "statement.no": Label("№", "№", "No."),
    "statement.student": Label("Білім алушының АТӘ", "ФИО обучающегося", "Student's full name"),
    "statement.group": Label("Тобы", "Группа", "Group"),
    "statement.rating": Label("Жіберу рейтингі", "Рейтинг допуска", "Admission rating"),
    "statement.exam": Label("Емтихан балы", "Балл за экзамен", "Exam points"),
    "statement.final": Label("Қорытынды балл", "Итоговый балл", "Final points"),
    "statement.letter": Label("Әріптік баға", "Буквенная оценка", "Letter grade"),
    "statement.gpa": Label("GPA балы", "Балл GPA", "GPA points"),
    "statement.remark": Label("Ескертпе", "Примечание", "Remark"),
    "statement.teacher": Label("Оқытушының қолы", "Преподаватель", "Teacher"),
    "statement.registrar": Label("Тіркеуші кеңсесі", "Офис-регистратор", "Registrar"),
    "remark.absent": Label("келмеді", "не явился(-лась)", "absent"),
    "remark.removed": Label("емтиханнан шығарылды", "удалён(-а) с экзамена", "removed"),
    "remark.annulled": Label("нәтижесі жойылды", "результат аннулирован", "result annulled"),
    "remark.no_rating": Label("рейтингі жоқ", "нет рейтинга", "no rating"),
    "remark.unfinished": Label("аяқталмаған", "не завершён", "not finished"),
    "remark.not_admitted": Label("жіберілмеді", "не допущен(-а)", "not admitted"),
}

PROTOCOL = {
    "protocol.name": Label(
        "Апелляциялық комиссияның хаттамасы",
        "Протокол апелляционной комиссии",
        "Protocol of the appeal commission",
    ),
    "protocol.order": Label(
        "Комиссия құрылған бұйрық", "Приказ о комиссии", "Order that names the commission"
    ),
    "protocol.student": Label("Білім алушының АТӘ", "ФИО обучающегося", "Student's full name"),
    "protocol.group": Label("Тобы", "Группа", "Group"),
    "protocol.discipline": Label("Пән", "Дисциплина", "Discipline"),
    "protocol.lodged": Label("Апелляция берілді", "Апелляция подана", "Appeal lodged"),
    "protocol.visa": Label(
        "Тіркеуші кеңсенің бұрыштамасы", "Виза офис-регистратора", "Registrar's visa"
    ),
    "protocol.decided": Label("Қаралды", "Рассмотрена", "Considered"),
    "protocol.decision": Label("Шешім", "Решение", "Decision"),
    "protocol.upheld": Label(
        "апелляция қанағаттандырылды", "апелляция удовлетворена", "the appeal is upheld"
    ),
    "protocol.rejected": Label(
        "апелляция қабылданбады", "апелляция отклонена", "the appeal is rejected"
    ),
    "protocol.before": Label("Бұрынғы балл", "Балл до апелляции", "Points before"),
    "protocol.after": Label("Апелляциядан кейінгі балл", "Балл после апелляции", "Points after"),
    "protocol.grounds": Label("Апелляцияның негіздері", "Основания апелляции", "Grounds"),
    "protocol.reasons": Label("Шешімнің негіздемесі", "Обоснование решения", "Reasons"),
    "protocol.votes": Label("Дауыс беру", "Голосование", "Votes"),
    "protocol.member": Label("Комиссия мүшесі", "Член комиссии", "Member of the commission"),
    "protocol.vote": Label("Дауысы", "Голос", "Vote"),
    "protocol.note": Label("Пікірі", "Мнение", "Note"),
    "protocol.for": Label("қанағаттандыру", "удовлетворить", "uphold"),
    "protocol.against": Label("қабылдамау", "отклонить", "reject"),
    "protocol.sheet": Label("Жауап парағы", "Лист ответов", "Answer sheet"),
    "protocol.question": Label("Сұрақ №", "Вопрос №", "Question No."),
    "protocol.answered": Label("Жауап берілді", "Ответ дан", "Answered"),
    "protocol.mark": Label("Балы", "Балл", "Mark"),
    "protocol.yes": Label("иә", "да", "yes"),
    "protocol.no": Label("жоқ", "нет", "no"),
    "protocol.chair": Label("Комиссия төрағасы", "Председатель комиссии", "Chair"),
}

REPORT = {
    "report.name": Label(
        "Емтихан сессиясының қорытынды есебі",
        "Отчёт об итогах экзаменационной сессии",
        "Report on the exam session",
    ),
    "report.session": Label("Сессия", "Экзаменационная сессия", "Session"),
    "report.enrolled": Label("Тіркелген", "Записано", "Enrolled"),
    "report.graded": Label("Бағаланған", "Оценено", "Graded"),
    "report.mean": Label("Орташа балл", "Средний балл", "Mean"),
    "report.median": Label("Медианасы", "Медиана", "Median"),
    "report.deviation": Label(
        "Стандартты ауытқу (σ)", "Стандартное отклонение (σ)", "Standard deviation (σ)"
    ),
    "report.passed": Label("Тапсырған", "Сдали", "Passed"),
    "report.incidents": Label("Расталған оқиғалар", "Подтверждённые инциденты", "Incidents"),
    "report.acts": Label("Актілер", "Акты", "Acts"),
    "report.histogram": Label(
        "Балдардың үлестірімі және қалыпты қисық",
        "Распределение баллов и нормальная кривая",
        "Distribution of points and the normal curve",
    ),
    "report.distribution": Label(
        "Балдардың үлестірімі", "Распределение баллов", "Distribution of points"
    ),
    "report.points": Label("Балдар", "Баллы", "Points"),
    "report.students": Label("Білім алушылар", "Обучающиеся", "Students"),
    "report.expected": Label(
        "Қалыпты қисық бойынша", "По нормальной кривой", "By the normal curve"
    ),
    "report.letters": Label(
        "Қорытынды бағалардың әріптері (қалған көрсеткіштер: емтихан балы)",
        "Буквенные итоговые оценки (остальные показатели: баллы экзамена)",
        "Letters of the final grades (all other figures: exam points)",
    ),
    "report.letter": Label("Бағасы", "Оценка", "Letter"),
    "report.share": Label("Үлесі, %", "Доля, %", "Share, %"),
    "report.departments": Label("Кафедралар бойынша", "По кафедрам", "By department"),
    "report.department": Label("Кафедрасы", "Кафедра", "Department"),
    "report.disciplines": Label("Пәндер бойынша", "По дисциплинам", "By discipline"),
    "report.discipline": Label("Пән", "Дисциплина", "Discipline"),
    "report.groups": Label("Топтар бойынша", "По группам", "By group"),
    "report.group": Label("Тобы", "Группа", "Group"),
    "report.items": Label(
        "Тапсырмалардың көрсеткіштері", "Показатели заданий", "Figures of the items"
    ),
    "report.item": Label("Тапсырма", "Задание", "Item"),
    "report.answers": Label("Жауаптар", "Ответы", "Answers"),
    "report.difficulty": Label("Қиындығы (p)", "Трудность (p)", "Difficulty (p)"),
    "report.discrimination": Label(
        "Ажыратқыштығы (r)", "Различающая способность (r)", "Discrimination (r)"
    ),
}
