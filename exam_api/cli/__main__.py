"""``python -m exam_api.cli`` is the command ``baqylau``."""

from exam_api.cli import main

main()
