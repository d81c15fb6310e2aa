"""README.txt of an evidence package, in the three languages of the documents."""

_KAZAKH = """\
№ {number} АКТ ({revision}-редакция): дәлелдемелер пакеті
=========================================================

Бұл пакет актіні және ол сүйенген барлық дәлелдемені қамтиды. Онда дербес деректер бар.

  act-kk.pdf, act-ru.pdf, act-en.pdf   мөр басылған акт
  act.json       актінің деректері (act-kk.pdf ішіндегімен бірдей)
  flags.json     белгілер: модельдер, олардың sha256 мәні, шектері, бағалары
  frames/        кадрлар: сан — актінің қосымшасындағы белгінің нөмірі;
                 before — оған дейінгі секундтар
  clips/         бейнеүзінділер, нөмірлері сол
  signatures/    адамдардың сол тілдегі PDF файлына бөлек қолтаңбалары (CMS) және
                 қашан тіркелгені (signatures.json), болса
  manifest.json  әр файлдың sha256 мәні мен көлемі
  manifest.json.p7s   манифестке қойылған мекеме қолтаңбасы

Тексеру (интернетсіз): baqylau verify ФАЙЛ.zip
Жүйесіз тексеру: мына екі пәрменді орындаңыз. Біріншісі манифесттің қолтаңбасын тексереді,
екіншісі sha256 мәні басқа файлдарды атайды ([] — бәрі бүтін):
"""
_RUSSIAN = """\
АКТ № {number} (редакция {revision}): пакет доказательств
=========================================================

В пакете акт и все доказательства, на которых он основан. Он содержит персональные данные.

  act-kk.pdf, act-ru.pdf, act-en.pdf   акт с печатью
  act.json       данные акта (те же, что внутри act-kk.pdf)
  flags.json     отметки: модели, их sha256, пороги, оценки
  frames/        кадры: число — номер отметки в приложении к акту;
                 before — секунды до неё
  clips/         видеофрагменты с теми же номерами
  signatures/    отдельные подписи людей (CMS) под PDF названного языка и
                 когда приложены (signatures.json), если есть
  manifest.json  sha256 и размер каждого файла
  manifest.json.p7s   подпись учреждения под манифестом

Проверка (без интернета): baqylau verify ФАЙЛ.zip
Проверка без системы: выполните две команды. Первая проверяет подпись манифеста,
вторая называет файлы, чей sha256 иной ([] — все целы):
"""
_ENGLISH = """\
ACT No. {number} (revision {revision}): evidence package
=========================================================

The act and all the evidence it rests on. It contains personal data.

  act-kk.pdf, act-ru.pdf, act-en.pdf   the sealed act
  act.json       the act's data (the same as inside act-kk.pdf)
  flags.json     the flags: models, their sha256, thresholds, scores
  frames/        frames: the number is the flag's in the act's annex;
                 before: the seconds before it
  clips/         clips with the same numbers
  signatures/    people's detached signatures (CMS) over the PDF of that language, and
                 when they were attached (signatures.json), if any
  manifest.json  sha256 and size of each file
  manifest.json.p7s   the institution's signature over the manifest

Check (offline): baqylau verify FILE.zip
Check without the system: run these two. The first checks the manifest's signature,
the second names the files whose sha256 differs ([]: all are intact):
"""
_DIGESTS = (
    "import hashlib, json; print([f['name'] for f in"
    " json.load(open('manifest.json', encoding='utf-8'))['files']"
    " if hashlib.sha256(open(f['name'], 'rb').read()).hexdigest() != f['sha256']])"
)
_COMMAND = f"""\

  openssl cms -verify -binary -inform DER -in manifest.json.p7s -content manifest.json \\
    -noverify -out /dev/null
  python3 -c "{_DIGESTS}"
"""


def readme(number: str, revision: int) -> bytes:
    parts = (text.format(number=number, revision=revision) for text in _TEXTS)
    return "\n\n".join(part + _COMMAND for part in parts).encode()


_TEXTS = (_KAZAKH, _RUSSIAN, _ENGLISH)
