"""The words of acts that people draw up (S-12), and of what was written during the exam."""

from acts.wording import Label

PEOPLE = {
    "seal.mark": Label("Цифрлық мөр", "Цифровая печать", "Digital seal"),
    "capacity.proctor": Label("проктор", "проктор", "proctor"),
    "capacity.testing_centre": Label(
        "тестілеу орталығының қызметкері",
        "сотрудник центра тестирования",
        "employee of the testing centre",
    ),
    "capacity.dean_office": Label("деканат өкілі", "представитель деканата", "dean's office"),
    "capacity.student_representative": Label(
        "білім алушылар өкілі", "представитель обучающихся", "student representative"
    ),
    "annex.noted": Label("Комиссия көргені", "Что увидела комиссия", "What the commission saw"),
    "annex.noted_human": Label(
        "Акт комиссия мүшелерінің өз көзімен көргені бойынша жасалды.",
        "Акт составлен по тому, что члены комиссии видели сами.",
        "The act rests on what the members of the commission saw themselves.",
    ),
    "annex.noted_at": Label("Уақыты", "Время", "Time"),
    "annex.noted_words": Label("Не болды", "Что произошло", "What happened"),
    "annex.about_act": Label("Акт туралы", "Об акте", "About the act"),
    "annex.chat": Label(
        "Емтихан кезіндегі хат алмасу", "Переписка во время экзамена", "Messages during the exam"
    ),
    "annex.chat_student": Label("білім алушы", "обучающийся", "student"),
    "annex.chat_proctor": Label("проктор", "проктор", "proctor"),
}
