"""Server-rendered pages; their four islands (room, test, console, review) are ES modules."""

from fastapi import FastAPI

from exam_api.web.pages import (
    account,
    acts,
    admission,
    admission_queue,
    appeals,
    assets,
    bank,
    bank_files,
    bank_tests,
    check_lists,
    drawn_acts,
    mail,
    notices,
    people,
    people_import,
    periods,
    results,
    rules,
    schedule,
    schedule_exam,
    second_camera,
    signatures,
    staff,
    statistics,
    structure,
    student,
    verify,
)


def install_pages(app: FastAPI) -> None:
    """Static files, catalogues and every page. Once, when the app is put together."""
    app.mount(assets.static_prefix(), assets.VersionedFiles(directory=assets.STATIC))
    own = (assets, account, notices, mail, student, second_camera, staff, admission_queue)
    records = (people_import, people, structure)
    planning = (schedule, periods, schedule_exam, admission, rules)
    banking = (bank, bank_files, bank_tests)
    later = (drawn_acts, check_lists, verify, acts, results, appeals, statistics, signatures)
    for part in (*own, *records, *planning, *banking, *later):
        app.include_router(part.router)
