"""Words from a user's Python file, added to the built-in ones."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from archsearch.errors import NotationError
from archsearch.files import import_file, is_file, read_text
from archsearch.notation.parser import read_sentence
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.notation.word import Parameter, Vocabulary, Word

_LIST = "write WORDS = [Word(...), ...] in it, with Word from archsearch.notation"


def read_words(path: Path) -> Vocabulary:
    """Return the built-in words and those in the list WORDS of a Python file.

    The file is imported: its code runs, so read only a file that you trust. Raises NotationError, which names the
    file, where it cannot be imported, where WORDS is not a list of Word, and for a word that no sentence could
    use.

    >>> code = "from archsearch.notation import *; WORDS = [Word('nothing', (), lambda build: None)]"
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "nothing.py")
    ...     _written = path.write_text(code)
    ...     vocabulary = read_words(path)
    >>> vocabulary["nothing"].signature, vocabulary.source == code
    ('nothing', True)
    """
    own, source = _own(path)
    for name in own:
        if name in VOCABULARY:
            message = f"there is already a word `{name}`"
            raise NotationError(message, place=str(path), remedy="give yours another name")
    return Vocabulary((*VOCABULARY.words, *own.values()), source)


def words_from(source: str) -> Vocabulary:
    """Return the vocabulary that has this `source`: the built-in one for an empty text.

    The text is imported like a file of words: its code runs, so give only a text that you trust. It cannot import
    files beside the original one. Raises NotationError like `read_words`, but a word that is named like a built-in
    one takes its place: the built-in one may have come after the text.

    >>> code = "from archsearch.notation import *; WORDS = [Word('nothing', (), lambda build: None)]"
    >>> words_from(code)["nothing"].signature
    'nothing'
    """
    if not source:
        return VOCABULARY
    with TemporaryDirectory() as folder:
        path = Path(folder, "words.py")
        path.write_text(source, encoding="utf-8")
        try:
            own, _ = _own(path)
        # The place and the remedy name a file that is gone then.
        except NotationError as error:
            raise NotationError(error.message, place="the source of the words") from error
    return Vocabulary((*VOCABULARY.without(own).words, *own.values()), source)


def _own(path: Path) -> tuple[dict[str, Word], str]:
    """Return the words of a file by their names, and its text."""
    place = str(path)
    if not is_file(path):
        raise NotationError("there is no such file", place=place, remedy="give the path of a Python file")
    if path.suffix != ".py":
        raise NotationError("this is not a Python file", place=place, remedy="give it a name that ends in .py")
    source = read_text(path)
    own: dict[str, Word] = {}
    for word in _listed(path):
        _check_word(word, place)
        if word.name in own:
            message = f"two of the words are named `{word.name}`"
            raise NotationError(message, place=place, remedy="rename one of them")
        own[word.name] = word
    return own, source


def _listed(path: Path) -> list[Word]:
    place = str(path)
    found = _variables(path).get("WORDS")
    if found is None:
        raise NotationError("the file has no list WORDS", place=place, remedy=_LIST)
    if not isinstance(found, list | tuple):
        raise NotationError(f"WORDS must be a list, not {type(found).__name__}", place=place, remedy=_LIST)
    for number, word in enumerate(found):
        if not isinstance(word, Word):
            message = f"WORDS[{number}] must be a Word, not {type(word).__name__}"
            raise NotationError(message, place=place, remedy=_LIST)
    return [*found]


def _variables(path: Path) -> dict[str, object]:
    """Import a file and return its variables."""
    try:
        return vars(import_file(path))
    # The user's code may raise anything while it is imported, and even exit.
    except (Exception, SystemExit) as error:
        message = f"the file cannot be imported: {type(error).__name__}: {error}"
        raise NotationError(message, place=str(path), remedy=f"`python {path}` shows where") from error


def _check_word(word: Word, place: str) -> None:
    """Raise NotationError for a word that no sentence could use."""
    if not _is_name(word.name):
        raise _bad_name(word.name, place)
    given: object = word.parameters
    if not isinstance(given, tuple) or not all(isinstance(one, Parameter) for one in given):
        message = f"the parameters of `{word.name}` must be a tuple of Parameter"
        remedy = "write (Parameter(...),): a tuple of one needs the comma too"
        raise NotationError(message, place=place, remedy=remedy)
    names = [parameter.name for parameter in word.parameters]
    for number, name in enumerate(names):
        if not _is_name(name):
            raise _bad_name(name, place)
        if name in names[:number]:
            message = f"two parameters of `{word.name}` are named `{name}`"
            raise NotationError(message, place=place, remedy="rename one of them")
        if name in {"bodies", "body", "build"}:
            message = f"a parameter of `{word.name}` is named `{name}`, which is reserved"
            raise NotationError(message, place=place, remedy="give it another name")
    for parameter in word.parameters:
        _check_allowed(parameter, word.name, place)
    if word.has_body and word.has_bodies:
        message = f"`{word.name}` takes one sentence or several, not both"
        raise NotationError(message, place=place, remedy="remove has_body or has_bodies")


def _check_allowed(parameter: Parameter, word: str, place: str) -> None:
    """Raise NotationError where it is not said as it must be which values a parameter may have."""
    choices: object = parameter.choices
    if not isinstance(choices, tuple | list) or not all(isinstance(one, str) for one in choices):
        message = f"the choices of `{parameter.name}` of `{word}` must be a tuple of texts"
        remedy = 'as in ("avg", "max"): a tuple of one needs the comma too, and numbers are only bounded by least'
        raise NotationError(message, place=place, remedy=remedy)
    if not isinstance(parameter.least, int):
        message = f"least of `{parameter.name}` of `{word}` is {parameter.least}; it must be a whole number"
        raise NotationError(message, place=place, remedy="as in least=0")


def _is_name(text: object) -> bool:
    try:
        return isinstance(text, str) and [step.name for step in read_sentence(text)] == [text]
    except NotationError:
        return False


def _bad_name(name: object, place: str) -> NotationError:
    remedy = "a name has letters from a to z, in either case, digits and _, and does not begin with a digit"
    return NotationError(f"`{name}` cannot be a name in a sentence", place=place, remedy=remedy)
