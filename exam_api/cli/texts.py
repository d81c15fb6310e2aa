"""What the command line says, in three languages. Keys of refusals are the errors' codes."""

from collections.abc import Mapping
from typing import Final

from exam_api.cli.capacity_texts import CAPACITY_TEXTS
from exam_api.domain.languages import Language

TEXTS: Final[Mapping[str, Mapping[Language, str]]] = {
    **CAPACITY_TEXTS,
    "file_missing": {
        "kk": "{path}: мұндай файл жоқ",
        "ru": "{path}: такого файла нет",
        "en": "{path}: no such file",
    },
    "file_is_folder": {
        "kk": "{path}: бұл — қалта, файл керек",
        "ru": "{path}: это папка, а нужен файл",
        "en": "{path}: is a folder; a file is needed",
    },
    "not_a_video": {
        "kk": "файл бейнежазба ретінде оқылмайды",
        "ru": "файл не читается как видео",
        "en": "the file cannot be read as video",
    },
    "folder_not_writable": {
        "kk": "{path}: бұл қалтаға жазу мүмкін емес",
        "ru": "{path}: в эту папку нельзя записать",
        "en": "{path}: this folder cannot be written to",
    },
    "port_taken": {
        "kk": "{port} порты бос емес; басқасын таңдаңыз: --port N",
        "ru": "порт {port} занят; выберите другой: --port N",
        "en": "port {port} is taken; choose another with --port N",
    },
    "cannot_listen": {
        "kk": "{host}:{port} мекенжайын тыңдау мүмкін емес: {why}",
        "ru": "нельзя слушать адрес {host}:{port}: {why}",
        "en": "cannot listen on {host}:{port}: {why}",
    },
    "data_in_use": {
        "kk": "{path}: бұл деректермен басқа сервер жұмыс істеп тұр",
        "ru": "{path}: с этими данными уже работает другой сервер",
        "en": "{path}: another server is already working with this data",
    },
    "database_unreadable": {
        "kk": "дерекқор оқылмайды; сақтық көшірмеден қалпына келтіріңіз "
        "(демо деректерін --fresh жаңадан құрады)",
        "ru": "база данных не читается; восстановите её из резервной копии "
        "(данные демонстрации заново создаёт --fresh)",
        "en": "the database cannot be read; restore it from a backup "
        "(the demo's data are made anew with --fresh)",
    },
    "storage_full": {
        "kk": "дискіде орын жоқ",
        "ru": "на диске нет места",
        "en": "the disk is full",
    },
    "seal_key_unreadable": {
        "kk": "мөр кілтінің файлы оқылмайды",
        "ru": "файл ключа печати не читается",
        "en": "the seal's key file cannot be read",
    },
    "seal_password_wrong": {
        "kk": "BAQYLAU_SEAL_PASSWORD құпиясөзі мөр файлын ашпайды",
        "ru": "пароль BAQYLAU_SEAL_PASSWORD не открывает файл печати",
        "en": "the password in BAQYLAU_SEAL_PASSWORD does not open the seal's file",
    },
    "seal_key_unsuitable": {
        "kk": "мөр файлы жарамсыз: ішінде RSA кілті мен оның бүгін жарамды куәлігі болуы керек",
        "ru": "файл печати не подходит: в нём должны быть ключ RSA и действующий сегодня "
        "сертификат этого ключа",
        "en": "the seal's file does not suit: it must hold an RSA key and its certificate, "
        "valid today",
    },
    "signers_ca_unreadable": {
        "kk": "BAQYLAU_SIGNERS_CA сертификаттары оқылмайды",
        "ru": "сертификаты из BAQYLAU_SIGNERS_CA не читаются",
        "en": "the certificates in BAQYLAU_SIGNERS_CA cannot be read",
    },
    "settings_wrong": {
        "kk": "қате баптау: {why}",
        "ru": "неверная настройка: {why}",
        "en": "wrong setting: {why}",
    },
    "start_failed": {
        "kk": "сервер іске қосылмады: {why}",
        "ru": "сервер не запустился: {why}",
        "en": "the server did not start: {why}",
    },
    "demo.ready": {
        "kk": "Baqylau жұмысқа дайын: {address}",
        "ru": "Baqylau готов: {address}",
        "en": "Baqylau is ready: {address}",
    },
    "demo.password": {
        "kk": "Барлық логиннің құпиясөзі: {password}",
        "ru": "Пароль всех логинов: {password}",
        "en": "Password of every log-in: {password}",
    },
    "demo.login": {"kk": "логин", "ru": "логин", "en": "log-in"},
    "demo.role": {"kk": "рөлі", "ru": "роль", "en": "role"},
    "demo.person": {"kk": "кім", "ru": "кто", "en": "who"},
    "demo.exam": {
        "kk": "Емтихан қазір ашық: «{title}», {until} дейін",
        "ru": "Экзамен открыт сейчас: «{title}», до {until}",
        "en": "An exam is open now: “{title}”, until {until}",
    },
    "demo.seal": {
        "kk": "Актілердің мөрі өздігінен жасалған: кімдікі екенін дәлелдемейді. "
        "Өз куәлігіңіз: BAQYLAU_SEAL_PKCS12",
        "ru": "Печать на актах самодельная: она не доказывает, чья она. "
        "Свой сертификат: BAQYLAU_SEAL_PKCS12",
        "en": "The seal on acts is self-made: it does not prove whose it is. "
        "Your own certificate: BAQYLAU_SEAL_PKCS12",
    },
    "demo.kept": {
        "kk": "Деректер {path} қалтасында сақталады. Тоқтату: Ctrl-C. Қайта бастау: --fresh.",
        "ru": "Данные хранятся в {path}. Остановить: Ctrl-C. Начать заново: --fresh.",
        "en": "Data are kept in {path}. Stop with Ctrl-C; start over with --fresh.",
    },
    "demo.model_off": {
        "kk": "Заттарды (телефонды) тану өшірулі: {name} файлы жоқ. "
        "Қосу: baqylau models pull {name}",
        "ru": "Распознавание предметов (телефона) выключено: нет файла {name}. "
        "Включить: baqylau models pull {name}",
        "en": "Objects (phones) are not recognised: the file of {name} is not here. "
        "Turn it on with: baqylau models pull {name}",
    },
    "role.student": {"kk": "білім алушы", "ru": "обучающийся", "en": "student"},
    "role.proctor": {"kk": "проктор", "ru": "проктор", "en": "proctor"},
    "role.member": {
        "kk": "жұмыс тобының мүшесі",
        "ru": "член рабочей группы",
        "en": "working-group member",
    },
    "role.testing_centre": {
        "kk": "тестілеу орталығы",
        "ru": "центр тестирования",
        "en": "testing centre",
    },
    "role.dean_office": {"kk": "деканат", "ru": "деканат", "en": "dean's office"},
    "role.teacher": {"kk": "оқытушы", "ru": "преподаватель", "en": "teacher"},
    "role.department_head": {
        "kk": "кафедра меңгерушісі",
        "ru": "заведующий кафедрой",
        "en": "head of department",
    },
    "role.commission": {
        "kk": "комиссия мүшесі (актілер)",
        "ru": "член комиссии (акты)",
        "en": "commission member (acts)",
    },
    "role.appeal_commission": {
        "kk": "апелляциялық комиссия мүшесі",
        "ru": "член апелляционной комиссии",
        "en": "appeal commission member",
    },
    "role.registrar": {
        "kk": "тіркеуші кеңсе",
        "ru": "офис-регистратор",
        "en": "registrar",
    },
    "role.administrator": {"kk": "әкімші", "ru": "администратор", "en": "administrator"},
    "analyze.summary": {
        "kk": "{video}: {seconds} с бейне, белгілер: {flags}",
        "ru": "{video}: {seconds} с видео, отметок: {flags}",
        "en": "{video}: {seconds} s of video, flags: {flags}",
    },
    "replay.summary": {
        "kk": "{video}: {seconds} с бейне, {recorded} с жазылды, белгілер: {flags}",
        "ru": "{video}: {seconds} с видео, записано {recorded} с, отметок: {flags}",
        "en": "{video}: {seconds} s of video, {recorded} s recorded, flags: {flags}",
    },
    "replay.flag": {
        "kk": "  {start:7.1f}–{end:.1f} с  {kind}  (сенімділігі {confidence:.2f})",
        "ru": "  {start:7.1f}–{end:.1f} с  {kind}  (уверенность {confidence:.2f})",
        "en": "  {start:7.1f}–{end:.1f} s  {kind}  (confidence {confidence:.2f})",
    },
    "replay.files": {
        "kk": "Файлдар: {files}",
        "ru": "Файлы: {files}",
        "en": "Files: {files}",
    },
    "replay.stuck": {
        "kk": "бейне {seconds} с ішінде серверге жетпеді",
        "ru": "видео не дошло до сервера за {seconds} с",
        "en": "the video did not reach the server within {seconds} s",
    },
    "replay.refused": {
        "kk": "жеке сервер «{path}» сұрауынан бас тартты: {code}",
        "ru": "закрытый сервер отклонил запрос «{path}»: {code}",
        "en": "the private server refused “{path}”: {code}",
    },
    "verify.intact": {
        "kk": "{path}: бүтін",
        "ru": "{path}: цел",
        "en": "{path}: intact",
    },
    "verify.act": {
        "kk": "{path}: бүтін, № {number} акт, {revision}-редакция, мөр қойылған уақыты {at}",
        "ru": "{path}: цел, акт № {number}, редакция {revision}, опечатан {at}",
        "en": "{path}: intact, act № {number}, revision {revision}, sealed {at}",
    },
    "verify.form4": {
        "kk": "{path}: бүтін, 4 үлгі, мөр қойылған уақыты {at}",
        "ru": "{path}: цел, форма 4, опечатана {at}",
        "en": "{path}: intact, form 4, sealed {at}",
    },
    "verify.stamped": {
        "kk": "  уақыт белгісі: {at}, {by}",
        "ru": "  метка времени: {at}, {by}",
        "en": "  timestamped at {at} by {by}",
    },
    "verify.stamped_unknown": {
        "kk": "  уақыт белгісі: {at}, {by} (бұл куәлік тексерілген жоқ)",
        "ru": "  метка времени: {at}, {by} (этот сертификат не проверен)",
        "en": "  timestamped at {at} by {by} (this certificate was not verified)",
    },
    "verify.protocol": {
        "kk": "{path}: бүтін, № {number} апелляция хаттамасы, мөр қойылған уақыты {at}",
        "ru": "{path}: цел, протокол апелляции № {number}, опечатан {at}",
        "en": "{path}: intact, appeal protocol № {number}, sealed {at}",
    },
    "verify.person": {
        "kk": "  {file}: {subject} қолтаңбасы тексерілді, сертификатты берген {issuer}",
        "ru": "  {file}: подпись {subject} проверена, сертификат выдан: {issuer}",
        "en": "  {file}: signature of {subject} verified, certificate issued by {issuer}",
    },
    "verify.person_not_compared": {
        "kk": "  {file}: {subject} қолтаңбасы осы құжатқа сай; сертификатты кім бергені "
        "тексерілген жоқ (--signers)",
        "ru": "  {file}: подпись {subject} соответствует документу; кем выдан сертификат, "
        "не проверено (--signers)",
        "en": "  {file}: signature of {subject} matches the document; who issued the certificate "
        "was not verified (--signers)",
    },
    "verify.person_not_verified": {
        "kk": "  {file}: {subject} қолтаңбасы тексерілмеген: {problem}",
        "ru": "  {file}: подпись {subject} не проверена: {problem}",
        "en": "  {file}: signature of {subject} not verified: {problem}",
    },
    "signature_unreadable": {
        "kk": "қолтаңба файлы CMS емес",
        "ru": "файл подписи не является CMS",
        "en": "the signature's file is no CMS",
    },
    "verify.self_made": {
        "kk": "  мөрдің куәлігі өздігінен жасалған: «{signer}»; іздемесі {fingerprint}",
        "ru": "  печать поставлена самодельным сертификатом «{signer}»; отпечаток {fingerprint}",
        "en": "  sealed with a self-made certificate of “{signer}”; fingerprint {fingerprint}",
    },
    "verify.issued": {
        "kk": "  мөрдің куәлігі: «{signer}»; іздемесі {fingerprint}",
        "ru": "  печать поставлена сертификатом на имя «{signer}»; отпечаток {fingerprint}",
        "en": "  sealed with a certificate of “{signer}”; fingerprint {fingerprint}",
    },
    "verify.not_compared": {
        "kk": "  кім мөрлегені тексерілген жоқ: университет куәлігін --certificate арқылы беріңіз",
        "ru": "  кто опечатал, не проверено: укажите сертификат университета через --certificate",
        "en": "  who sealed it was not verified: give the university's certificate (--certificate)",
    },
    "verify.altered": {
        "kk": "{path}: бүтін емес: {problems}",
        "ru": "{path}: не цел: {problems}",
        "en": "{path}: not intact: {problems}",
    },
    "verify.recording": {
        "kk": "{path}: жазба бүтін: {segments} бөлік, {seconds} с",
        "ru": "{path}: запись цела: сегментов {segments}, {seconds} с",
        "en": "{path}: the recording is intact: {segments} segments, {seconds} s",
    },
    "verify.signed": {
        "kk": "  {at} қол қойылған; кілттің іздемесі {fingerprint}",
        "ru": "  подписана {at}; отпечаток ключа {fingerprint}",
        "en": "  signed {at}; the key's fingerprint is {fingerprint}",
    },
    "verify.copy": {
        "kk": "  {name}: көруге арналған көшірме, ол тексерілген жоқ; дәлел — тізімдегі бөліктер",
        "ru": "  {name}: копия для просмотра, она не проверена; доказательство — части из списка",
        "en": "  {name}: a copy to watch, which was not checked; the listed parts are the proof",
    },
    "verify.clock": {
        "kk": "  компьютер сағаты − сервер сағаты: {ahead:+.3f} с (сұрау мен жауап {trip} мс)",
        "ru": "  часы компьютера − часы сервера: {ahead:+.3f} с (запрос и ответ {trip} мс)",
        "en": "  computer's clock − server's clock: {ahead:+.3f} s (round trip {trip} ms)",
    },
    "verify.gap": {
        "kk": "  үзіліс {start:.1f}–{end:.1f} с: {cause}",
        "ru": "  разрыв {start:.1f}–{end:.1f} с: {cause}",
        "en": "  gap {start:.1f}–{end:.1f} s: {cause}",
    },
    "verify.gap.network": {"kk": "желі", "ru": "сеть", "en": "network"},
    "verify.gap.client_ended": {
        "kk": "браузер жіберуді аяқтады",
        "ru": "браузер закончил передачу",
        "en": "the browser ended it",
    },
    "verify.gap.camera_off": {"kk": "камера өшірулі", "ru": "камера выключена", "en": "camera off"},
    "verify.gap.browser_closed": {
        "kk": "браузер жабық",
        "ru": "браузер закрыт",
        "en": "browser closed",
    },
    "verify.gap.server_restart": {
        "kk": "сервер қайта қосылды",
        "ru": "перезапуск сервера",
        "en": "server restart",
    },
    "verify.gap.storage": {
        "kk": "дискіде орын болмады",
        "ru": "не было места на диске",
        "en": "no room on the disk",
    },
    "verify.key_unreadable": {
        "kk": "{path}: PEM пішіміндегі ашық кілт (Ed25519) емес",
        "ru": "{path}: это не открытый ключ (Ed25519) в формате PEM",
        "en": "{path}: not a public key (Ed25519) in PEM format",
    },
    "verify.recording.changed": {
        "kk": "жазылғаннан кейін өзгертілген",
        "ru": "изменён после записи",
        "en": "changed after it was recorded",
    },
    "verify.recording.missing": {
        "kk": "тізімде бар, бірақ файлы жоқ",
        "ru": "есть в списке, но файла нет",
        "en": "listed, but the file is missing",
    },
    "verify.recording.reordered": {
        "kk": "орны ауыстырылған",
        "ru": "стоит не на своём месте",
        "en": "not in its place",
    },
    "verify.recording.foreign": {
        "kk": "тізімде жоқ бөтен файл",
        "ru": "посторонний файл, его нет в списке",
        "en": "a foreign file, not in the list",
    },
    "verify.recording.broken_chain": {
        "kk": "осы жол өзгертілген немесе оның алдындағы жол жойылған",
        "ru": "эта строка изменена или строка перед ней удалена",
        "en": "this line was changed, or a line before it was removed",
    },
    "verify.recording.bad_manifest": {
        "kk": "жазба тізімі оқылмайды",
        "ru": "список записи не читается",
        "en": "the recording's list cannot be read",
    },
    "verify.recording.wrong_digest": {
        "kk": "берілген бақылау сомасы бұл жазбанікі емес",
        "ru": "указанная контрольная сумма не от этой записи",
        "en": "the given digest is not this recording's",
    },
    "verify.recording.unsigned": {
        "kk": "қол қойылмаған: жазба аяқталмаған немесе соңы кесілген",
        "ru": "не подписана: запись не завершена или её конец отрезан",
        "en": "not signed: the recording is unfinished, or its end was cut off",
    },
    "verify.recording.bad_signature": {
        "kk": "қолтаңба жарамсыз",
        "ru": "подпись неверна",
        "en": "the signature is not valid",
    },
    "verify.recording.wrong_key": {
        "kk": "басқа кілтпен қол қойылған",
        "ru": "подписано другим ключом",
        "en": "signed with another key",
    },
    "verify.recording.other_sitting": {
        "kk": "бұл басқа емтихан тапсырудың жазбасы",
        "ru": "это запись другой сдачи экзамена",
        "en": "this is another sitting's recording",
    },
    "recording_key_unreadable": {
        "kk": "жазбаларға қол қоятын кілт оқылмайды",
        "ru": "ключ для подписи записей не читается",
        "en": "the key that signs recordings cannot be read",
    },
    "verify.package": {
        "kk": "{path}: бүтін, № {number} акт, {revision}-редакция, барлық дәлелдемесімен",
        "ru": "{path}: цел, акт № {number}, редакция {revision}, со всеми доказательствами",
        "en": "{path}: intact, act № {number}, revision {revision}, with all its evidence",
    },
    "verify.trusted": {
        "kk": "  мөр берілген куәлікке сай: {signer}",
        "ru": "  печать соответствует указанному сертификату: {signer}",
        "en": "  the seal matches the given certificate: {signer}",
    },
    "verify.certificate_unreadable": {
        "kk": "{path}: PEM пішіміндегі куәлік емес",
        "ru": "{path}: это не сертификат в формате PEM",
        "en": "{path}: not a certificate in PEM format",
    },
    "verify.too_large": {
        "kk": "{path}: файл тым үлкен",
        "ru": "{path}: файл слишком велик",
        "en": "{path}: the file is too large",
    },
    "verify.unknown": {
        "kk": "{path}: акт та, дәлелдемелер пакеті де, жазба қалтасы да емес",
        "ru": "{path}: это не акт, не пакет доказательств и не папка записи",
        "en": "{path}: neither an act, an evidence package nor a recording folder",
    },
    "verify.sheet": {
        "kk": "{path}: Excel кестесінде мөр болмайды: қол қойылған 4 үлгінің PDF файлын тексеріңіз",
        "ru": "{path}: на таблице Excel печати нет: проверьте PDF-файл подписанной формы 4",
        "en": "{path}: an Excel sheet carries no seal: check the PDF of the signed form 4",
    },
    "verify.video": {
        "kk": "{path}: жеке бейнефайл өзін дәлелдемейді: ол жатқан дәлелдемелер пакетін (ZIP) "
        "немесе жазба қалтасын тексеріңіз",
        "ru": "{path}: отдельный видеофайл сам себя не доказывает: проверьте пакет доказательств "
        "(ZIP), где он лежит, или папку записи",
        "en": "{path}: a video file alone proves nothing: check the evidence package (ZIP) it "
        "lies in, or the recording's folder",
    },
    "users.problem": {
        "kk": "{row}-жол, {column} «{value}»: {code}",
        "ru": "строка {row}, {column} «{value}»: {code}",
        "en": "row {row}, {column} “{value}”: {code}",
    },
    "users.refused": {
        "kk": "файлда қате бар ({count}): ештеңе алынған жоқ",
        "ru": "в файле есть ошибки ({count}): ничего не принято",
        "en": "the file has problems ({count}): nothing was taken",
    },
    "users.counts": {
        "kk": "Жаңа: {new}, өзгерген: {changed}, өзгеріссіз: {unchanged}, өшірілген: {disabled}",
        "ru": "Новых: {new}, изменено: {changed}, без изменений: {unchanged}, "
        "отключено: {disabled}",
        "en": "New: {new}, changed: {changed}, unchanged: {unchanged}, disabled: {disabled}",
    },
    "users.only_shown": {
        "kk": "Ештеңе алынған жоқ; алу үшін --apply қосыңыз.",
        "ru": "Ничего не принято; чтобы принять, добавьте --apply.",
        "en": "Nothing was taken; add --apply to take it.",
    },
    "sheet_malformed": {
        "kk": "файлды кесте ретінде оқу мүмкін болмады",
        "ru": "файл не удалось прочитать как таблицу",
        "en": "the file could not be read as a table",
    },
    "columns_missing": {
        "kk": "бірінші жолда «login» және «full_name» бағандары болуы керек",
        "ru": "в первой строке должны быть столбцы «login» и «full_name»",
        "en": "the first row must name the columns “login” and “full_name”",
    },
    "backup.made": {
        "kk": "Сақтық көшірме дайын: {path}, файлдар: {files}, {megabytes:.1f} МБ",
        "ru": "Резервная копия готова: {path}, файлов: {files}, {megabytes:.1f} МБ",
        "en": "Backup made: {path}, {files} files, {megabytes:.1f} MB",
    },
    "backup.restored": {
        "kk": "{at} көшірмесі {path} қалтасына қалпына келтірілді",
        "ru": "Копия от {at} восстановлена в {path}",
        "en": "The backup of {at} was restored to {path}",
    },
    "backup_not_empty": {
        "kk": "көшірме қалтасы бос болуы керек",
        "ru": "папка для копии должна быть пустой",
        "en": "the backup folder must be empty",
    },
    "backup_unusable": {
        "kk": "бұл аяқталған сақтық көшірме емес",
        "ru": "это не законченная резервная копия",
        "en": "this is no finished backup",
    },
    "backup_damaged": {
        "kk": "сақтық көшірме бүлінген: файлдың бақылау сомасы басқа",
        "ru": "резервная копия повреждена: контрольная сумма файла не та",
        "en": "the backup is damaged: a file's digest differs",
    },
    "backup_other_database": {
        "kk": "көшірме басқа дерекқор түрінен алынған",
        "ru": "копия снята с базы данных другого вида",
        "en": "the backup is of another kind of database",
    },
    "place_not_empty": {
        "kk": "тек бос орынға қалпына келтіріледі: деректер қалтасы не дерекқор бос емес",
        "ru": "восстановление только на пустое место: папка данных или база не пуста",
        "en": "a backup needs an empty place: the data folder or the database is not empty",
    },
    "database_not_current": {
        "kk": "алдымен дерекқорды жаңартыңыз: baqylau db upgrade",
        "ru": "сначала обновите базу: baqylau db upgrade",
        "en": "first bring the database up to date: baqylau db upgrade",
    },
    "database.upgraded": {
        "kk": "Дерекқор соңғы нұсқада: {revision}",
        "ru": "База данных последней версии: {revision}",
        "en": "The database is at the newest revision: {revision}",
    },
    "model.watches": {"kk": "бақылайды", "ru": "наблюдает", "en": "watches"},
    "model.watching": {
        "kk": "Заттарды бақылайтын модельдер: {names}",
        "ru": "За предметами наблюдают: {names}",
        "en": "Objects are watched for by: {names}",
    },
    "model.better": {
        "kk": "{name} жақсырақ көреді, бірақ файлы жоқ: baqylau models pull {name}",
        "ru": "{name} видит лучше, но файла нет: baqylau models pull {name}",
        "en": "{name} sees better, but its file is not here: baqylau models pull {name}",
    },
    "model.fetching": {
        "kk": "{name} моделі жүктелуде",
        "ru": "Загружается модель {name}",
        "en": "Fetching the model {name}",
    },
    "model.not_fetched": {
        "kk": "{name} жүктелмеді: {why}. Сервер онсыз жұмыс істейді.",
        "ru": "{name} не загружена: {why}. Сервер работает без неё.",
        "en": "{name} was not fetched: {why}. The server goes on without it.",
    },
    "model.digest_unknown": {
        "kk": "бұл sha256 тізімде жоқ; өз моделіңіз үшін --name, --decoder және --labels беріңіз",
        "ru": "такого sha256 нет в перечне; для своей модели укажите --name, --decoder и --labels",
        "en": "no known model has this sha256; for an own model give --name, --decoder, --labels",
    },
    "model.name_taken": {
        "kk": "{name} атауы бос емес немесе жарамсыз (кіші латын әріптері, цифрлар, _ . -)",
        "ru": "имя {name} занято или не годится (строчная латиница, цифры, _ . -)",
        "en": "the name {name} is taken or unfit (small Latin letters, digits, _ . -)",
    },
    "model.decoder_unknown": {
        "kk": "{name} декодері жоқ; бары: {known}",
        "ru": "нет декодера {name}; есть: {known}",
        "en": "there is no decoder {name}; known are: {known}",
    },
    "model_input_unexpected": {
        "kk": "файл бұл декодердің ONNX моделі емес",
        "ru": "файл не является моделью ONNX для этого декодера",
        "en": "the file is no ONNX model of this decoder",
    },
    "model_manifest_broken": {
        "kk": "модельдер қалтасындағы manifest.toml оқылмайды",
        "ru": "manifest.toml в папке моделей не читается",
        "en": "manifest.toml in the models folder cannot be read",
    },
    "model_too_large": {
        "kk": "көзден келген файл тым үлкен",
        "ru": "файл из источника слишком велик",
        "en": "the source's file is too large",
    },
    "model_store_failed": {
        "kk": "модельдер қалтасына жазу мүмкін емес",
        "ru": "в папку моделей нельзя записать",
        "en": "the models folder cannot be written",
    },
    "model.ready": {"kk": "дайын", "ru": "готова", "en": "ready"},
    "model.stored": {
        "kk": "{name}: {path} орнында сақталды",
        "ru": "{name}: сохранена в {path}",
        "en": "{name}: stored in {path}",
    },
    "model_absent": {"kk": "файлы жоқ", "ru": "файла нет", "en": "file absent"},
    "model_digest_mismatch": {
        "kk": "файлдың sha256 мәні басқа",
        "ru": "sha256 файла не тот",
        "en": "the file's sha256 differs",
    },
    "model_source_unavailable": {
        "kk": "модель көзіне қол жеткізу мүмкін емес",
        "ru": "источник модели недоступен",
        "en": "the model's source cannot be reached",
    },
    "model_unknown": {
        "kk": "мұндай модель тізімде жоқ",
        "ru": "такой модели нет в списке",
        "en": "the manifest has no such model",
    },
}
