"""A label in the three languages of the documents; ``___`` marks where a value goes."""

from dataclasses import dataclass

from acts.contracts import Language


@dataclass(frozen=True, slots=True)
class Label:
    kk: str
    ru: str
    en: str

    def in_(self, language: Language) -> str:
        if language == "kk":
            return self.kk
        return self.ru if language == "ru" else self.en
