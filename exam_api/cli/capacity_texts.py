"""What ``baqylau capacity`` says, in three languages."""

from collections.abc import Mapping
from typing import Final

from exam_api.domain.languages import Language

CAPACITY_TEXTS: Final[Mapping[str, Mapping[Language, str]]] = {
    "capacity.address_wrong": {
        "kk": "{address}: сервердің мекенжайы http:// немесе https:// деп басталуы керек",
        "ru": "{address}: адрес сервера должен начинаться с http:// или https://",
        "en": "{address}: a server's address begins with http:// or https://",
    },
    "capacity.unreachable": {
        "kk": "{address}: сервер жауап бермейді",
        "ru": "{address}: сервер не отвечает",
        "en": "{address}: the server does not answer",
    },
    "capacity.people_alone": {
        "kk": "--people тек --address параметрімен бірге қолданылады",
        "ru": "--people нужен только вместе с --address",
        "en": "--people is only used together with --address",
    },
    "capacity.workers_elsewhere": {
        "kk": "--workers пен --address бірге қолданылмайды: сервер жұмыс істеп тұр",
        "ru": "--workers и --address вместе не нужны: сервер уже работает",
        "en": "--workers and --address do not go together: that server runs already",
    },
    "capacity.people_line": {
        "kk": "{path}, {line}-жол: «логин,құпиясөз» болуы керек",
        "ru": "{path}, строка {line}: должно быть «логин,пароль»",
        "en": "{path}, line {line}: must be “login,password”",
    },
    "capacity.few_students": {
        "kk": "{wanted} студент керек, ал тізімде {found} ғана; --people файлын толықтырыңыз",
        "ru": "нужно студентов: {wanted}, а в списке только {found}; дополните файл --people",
        "en": "{wanted} students are needed but only {found} are listed; "
        "complete the --people file",
    },
    "capacity.no_exam": {
        "kk": "бұл студенттердің қазір ашық емтиханы жоқ",
        "ru": "у этих студентов сейчас нет открытого экзамена",
        "en": "these students have no exam that is open now",
    },
    "capacity.refused": {
        "kk": "сервер камераны қабылдамады: {why}",
        "ru": "сервер не принял камеру: {why}",
        "en": "the server did not take a camera: {why}",
    },
    "capacity.server_died": {
        "kk": "өлшенетін сервер тоқтап қалды: {why}",
        "ru": "измеряемый сервер остановился: {why}",
        "en": "the measured server stopped: {why}",
    },
    "capacity.preparing": {
        "kk": "Бейне мен дыбыс дайындалуда…",
        "ru": "Готовим изображение и звук…",
        "en": "Preparing picture and sound…",
    },
    "capacity.arriving": {
        "kk": "{sessions} студент кіріп жатыр…",
        "ru": "Входят студенты: {sessions}…",
        "en": "{sessions} students are coming in…",
    },
    "capacity.measuring": {
        "kk": "{seconds} с өлшеу…",
        "ru": "Измерение {seconds} с…",
        "en": "Measuring for {seconds} s…",
    },
    "capacity.summary": {
        "kk": "Бір мезгілде {sessions} студент, {seconds} с:",
        "ru": "Студентов одновременно: {sessions}, {seconds} с:",
        "en": "{sessions} students at once, {seconds} s:",
    },
    "capacity.cost": {
        "kk": "  процессор: студентке ядроның {cpu:.1f} %-ы "
        "(барлығы {total:.0f} %, ядро: {cores}); "
        "жады: студентке {mb:.1f} МБ ({idle:.0f} МБ-тан бөлек)",
        "ru": "  процессор: {cpu:.1f} % ядра на студента (всего {total:.0f} %, ядер: {cores}); "
        "память: {mb:.1f} МБ на студента (сверх {idle:.0f} МБ)",
        "en": "  processor: {cpu:.1f} % of a core a student "
        "({total:.0f} % in all, cores: {cores}); "
        "memory: {mb:.1f} MB a student (above {idle:.0f} MB)",
    },
    "capacity.cost_unknown": {
        "kk": "  процессор мен жады: сервер басқа машинада, сыртынан көрінбейді",
        "ru": "  процессор и память: сервер на другой машине, снаружи не видно",
        "en": "  processor and memory: the server is elsewhere and cannot be seen from outside",
    },
    "capacity.coverage": {
        "kk": "  жазба толықтығы: {mean:.2f} %, ең нашары {worst:.2f} %",
        "ru": "  полнота записи: {mean:.2f} %, худшая {worst:.2f} %",
        "en": "  coverage: {mean:.2f} %, the worst {worst:.2f} %",
    },
    "capacity.dropped": {
        "kk": "  талдауға жетпеген кадрлар: {pct:.2f} %",
        "ru": "  кадров не дошло до анализа: {pct:.2f} %",
        "en": "  frames that analysis never saw: {pct:.2f} %",
    },
    "capacity.relief.fewer_frames": {
        "kk": "  артық жүктеме: кадрлар сирегірек талданды",
        "ru": "  перегрузка: кадры анализировались реже",
        "en": "  overload: pictures were analysed less often",
    },
    "capacity.relief.key_frames_only": {
        "kk": "  артық жүктеме: бірнеше секундтағы бір кадр ғана талданды",
        "ru": "  перегрузка: анализировался один кадр в несколько секунд",
        "en": "  overload: one picture every few seconds was analysed",
    },
    "capacity.relief.no_live_views": {
        "kk": "  артық жүктеме: тікелей көру тоқтатылды",
        "ru": "  перегрузка: прямой просмотр был остановлен",
        "en": "  overload: live views were stopped",
    },
    "capacity.relief.recording_only": {
        "kk": "  артық жүктеме: талдау тоқтатылды, тек жазылды",
        "ru": "  перегрузка: анализ был остановлен, шла только запись",
        "en": "  overload: analysis was stopped, only recording went on",
    },
    "capacity.first_live": {
        "kk": "  камерадан жазбаға дейін: {p50:.0f} мс, 95 %-ы {p95:.0f} мс ішінде ({n})",
        "ru": "  от камеры до записи: {p50:.0f} мс, 95 % за {p95:.0f} мс ({n})",
        "en": "  from the camera to the recording: {p50:.0f} ms, 95 % within {p95:.0f} ms ({n})",
    },
    "capacity.reconnect": {
        "kk": "  үзілістен кейін қайта жазу: {p50:.0f} мс, 95 %-ы {p95:.0f} мс ішінде ({n})",
        "ru": "  снова на записи после обрыва: {p50:.0f} мс, 95 % за {p95:.0f} мс ({n})",
        "en": "  on record again after a broken line: {p50:.0f} ms, 95 % within {p95:.0f} ms ({n})",
    },
    "capacity.answer": {
        "kk": "  сақталған жауап: {p50:.0f} мс, 95 %-ы {p95:.0f} мс ішінде ({n})",
        "ru": "  сохранение ответа: {p50:.0f} мс, 95 % за {p95:.0f} мс ({n})",
        "en": "  a saved answer: {p50:.0f} ms, 95 % within {p95:.0f} ms ({n})",
    },
    "capacity.health": {
        "kk": "  /healthz: {p50:.0f} мс, 95 %-ы {p95:.0f} мс ішінде ({n} сұрау)",
        "ru": "  /healthz: {p50:.0f} мс, 95 % за {p95:.0f} мс (запросов: {n})",
        "en": "  /healthz: {p50:.0f} ms, 95 % within {p95:.0f} ms ({n} requests)",
    },
    "capacity.flag": {
        "kk": "  кадрдан белгіге дейін: {p50:.0f} мс, 95 %-ы {p95:.0f} мс ішінде ({n})",
        "ru": "  от кадра до отметки: {p50:.0f} мс, 95 % за {p95:.0f} мс ({n})",
        "en": "  from the frame to the flag: {p50:.0f} ms, 95 % within {p95:.0f} ms ({n})",
    },
    "capacity.machine": {
        "kk": "  машина: {cores} ядро, бастар алдындағы жүктемесі {load:.1f}; "
        "жүктеме көзінің кешігуі {lag:.0f} мс",
        "ru": "  машина: ядер {cores}, нагрузка до начала {load:.1f}; "
        "источник нагрузки отставал на {lag:.0f} мс",
        "en": "  machine: {cores} cores, load before the start {load:.1f}; "
        "the load generator was {lag:.0f} ms late",
    },
    "capacity.fine": {
        "kk": "Машина бұл жүктемені көтерді.",
        "ru": "Машина выдержала эту нагрузку.",
        "en": "The machine carried this load.",
    },
    "capacity.relieved": {
        "kk": "Машина бәрін жазды, бірақ бұл жүктемеде толық талдай алмады.",
        "ru": "Машина записала всё, но при этой нагрузке не успевала анализировать.",
        "en": "The machine recorded everything but had no time to analyse all of it.",
    },
    "capacity.too_much": {
        "kk": "Бұл жүктеме машинаға ауыр: жазбада бос орындар бар.",
        "ru": "Для этой машины нагрузка велика: в записи есть пропуски.",
        "en": "This load is too much for the machine: there are holes in the recording.",
    },
    "capacity.failed": {
        "kk": "Машина бұл жүктемені көтермеді: орындалмаған әрекеттер саны — {failures}.",
        "ru": "Машина не выдержала эту нагрузку: не удалось действий: {failures}.",
        "en": "The machine did not carry this load: {failures} actions failed.",
    },
}
