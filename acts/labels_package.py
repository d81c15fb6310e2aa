"""What is said of an evidence package that was checked."""

from acts.wording import Label

PACKAGE = {
    "package.too_large": Label("Файл тым үлкен.", "Файл слишком велик.", "The file is too large."),
    "package.unreadable": Label(
        "Бұл бүтін ZIP файлы емес.", "Это не целый файл ZIP.", "This is no whole ZIP file."
    ),
    "package.not_plain": Label(
        "Бұл жүйенің пакеттері сығылмайды және шифрланбайды.",
        "Пакеты данной системы не сжимаются и не шифруются.",
        "Packages of this system are neither compressed nor encrypted.",
    ),
    "package.twice": Label(
        "Бір атаумен екі файл салынған.",
        "Два файла лежат под одним именем.",
        "Two files share one name.",
    ),
    "package.no_manifest": Label(
        "Бұл дәлелдемелер пакеті емес: манифест немесе оның қолтаңбасы жоқ.",
        "Это не пакет доказательств: нет манифеста или его подписи.",
        "This is no evidence package: the manifest or its signature is absent.",
    ),
    "package.manifest_changed": Label(
        "Манифест немесе оның қолтаңбасы өзгертілген.",
        "Манифест или его подпись изменены.",
        "The manifest or its signature was changed.",
    ),
    "package.other_key": Label(
        "Пакетке басқа кілтпен қол қойылған.",
        "Пакет подписан другим ключом.",
        "The package is signed with another key.",
    ),
    "package.changed": Label("Өзгертілген:", "Изменены:", "Changed:"),
    "package.missing": Label("Жоқ файлдар:", "Отсутствуют:", "Missing:"),
    "package.foreign": Label("Бөгде файлдар:", "Посторонние файлы:", "Foreign:"),
    "package.act_refused": Label(
        "Пакеттегі акт бүтін емес немесе басқа акт.",
        "Акт в пакете не цел или это другой акт.",
        "The act in the package is not intact, or is another act.",
    ),
    "package.evidence_differs": Label(
        "Кадр немесе үзінді актіде көрсетілгеннен өзгеше.",
        "Кадр или фрагмент не тот, что назван в акте.",
        "A frame or clip is not the one the act names.",
    ),
    "package.repacked": Label(
        "Файлдар бүтін, бірақ ZIP қайта жиналған немесе оған бірдеңе қосылған.",
        "Файлы целы, но сам ZIP собран заново или к нему что-то добавлено.",
        "The files are intact, but the ZIP was packed anew or something was added to it.",
    ),
}
