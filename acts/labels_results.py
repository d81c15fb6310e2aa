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
