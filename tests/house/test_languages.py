"""Every phrase of pages and notifications is there in every language, and says the same."""

import gettext
import re
import shutil

import pytest
from django.utils import translation

from tests import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")

each_language = pytest.mark.parametrize("language", messages.LANGUAGES)
each_folder = pytest.mark.parametrize("folder", messages.FOLDERS, ids=lambda folder: folder.name)


def phrases(catalog):
    """Each phrase with all that stands for it: (English, English plural or None, translations)."""
    for message in catalog:
        if message.id:
            english = message.id if isinstance(message.id, tuple | list) else (message.id,)
            words = message.string if isinstance(message.string, tuple | list) else (message.string,)
            yield message, english, words


@pytest.fixture(scope="module")
def gathered():
    copies = {folder: messages.gathered_anew(folder) for folder in messages.FOLDERS}
    yield copies
    for copy in copies.values():
        shutil.rmtree(copy.parent)


@each_folder
@each_language
def test_the_catalog_has_every_phrase_and_no_other(gathered, folder, language):
    wanted = {english for _, english, _ in phrases(messages.catalog(gathered[folder], language))}
    there = {english for _, english, _ in phrases(messages.catalog(folder, language))}
    assert len(wanted) > 10
    assert there == wanted, "run `make messages` and translate"


@each_folder
@each_language
def test_every_phrase_is_translated(folder, language):
    catalog = messages.catalog(folder, language)
    assert [english for message, english, words in phrases(catalog) if message.fuzzy or not all(words)] == []


@each_folder
@each_language
def test_a_translation_has_the_same_placeholders(folder, language):
    for _, english, words in phrases(messages.catalog(folder, language)):
        wanted = set(PLACEHOLDER.findall(english[-1]))
        for each in words[-1:]:
            assert set(PLACEHOLDER.findall(each)) == wanted, (english, each)
        for each in words:  # "one ticket" may leave out its number
            assert set(PLACEHOLDER.findall(each)) <= wanted, (english, each)


@each_folder
@each_language
def test_what_is_compiled_is_what_was_translated(folder, language):
    place = folder / "locale" / language / "LC_MESSAGES" / "django.mo"
    with open(place, "rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message, english, words in phrases(messages.catalog(folder, language)):
        if len(english) == 1 and not message.context:
            assert compiled.gettext(english[0]) == words[0], "run `make messages`"


@each_language
def test_the_same_phrase_is_said_the_same_everywhere(language):
    """In one process the catalogs are one, and the first to have a phrase says it; others need a context."""
    said = {}
    for folder in messages.FOLDERS:
        for message, english, words in phrases(messages.catalog(folder, language)):
            assert said.setdefault((message.context, english), tuple(words)) == tuple(words)


@each_language
def test_our_words_go_before_those_of_what_we_build_on(language):
    with translation.override(language):
        for folder in messages.FOLDERS:
            for message, english, words in phrases(messages.catalog(folder, language)):
                if len(english) == 1 and not message.context:
                    assert translation.gettext(english[0]) == words[0]
