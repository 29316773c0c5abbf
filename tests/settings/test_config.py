from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from copilot.errors import PolicyRefused, UsageError
from copilot.settings.config import (
    DEFAULT_BUDGET,
    LEFT_ASIDE,
    PROJECT_KEYS,
    Config,
    ConfigFile,
    ModelSettings,
    load_config,
    read_file,
)

Load = Callable[..., Config]

FORBIDDEN = {
    "model": 'model = "mine"',
    "models": '[models.mine]\nbase_url = "http://127.0.0.1:1/v1"',
    "remotes": 'remotes.mine = "https://localhost/{path}.git"',
    "may_unmask": "may_unmask = true",
    "models_dir": 'models_dir = "/tmp/models"',
    "submodules": "submodules = true",
    "local_addresses": 'local_addresses = ["10.0.0.0/8"]',
    "repos_mb": "repos_mb = 1000",
    "ask_above_tokens": "ask_above_tokens = 1000000000",
    "ask_above_cost": "ask_above_cost = 1000",
    "check": 'check = "true"',
    "check_seconds": "check_seconds = 1",
    "hook_seconds": "hook_seconds = 1",
    "hook_policy": 'hook_policy = "open"',
    "hook_background": "hook_background = true",
    "hook_in_ci": "hook_in_ci = true",
    "hook_stops_at": 'hook_stops_at = "nothing"',
    "hook_warm_seconds": "hook_warm_seconds = 600",
}


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load the settings that these texts make: the user's file and a project's or several's."""

    def run(
        user: str | None = None,
        project: str | Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        command_line: ConfigFile | None = None,
        name: str = ".copilot.toml",
    ) -> Config:
        if user is not None:
            (tmp_path / "config.toml").write_text(user)
        roots = []
        for number, text in enumerate([project] if isinstance(project, str) else project):
            roots.append(tmp_path / f"root{number}")
            roots[-1].mkdir()
            (roots[-1] / name).write_text(text)
        return load_config(tmp_path / "config.toml", roots, environment or {}, command_line)

    return run


def test_with_nothing_set_there_are_the_defaults(load: Load) -> None:
    assert load() == Config()


def test_each_source_goes_before_the_ones_below_it(load: Load, tmp_path: Path) -> None:
    user = 'model = "user"\nbudget = "400k"\nmodels_dir = "/user"\ninclude = ["user"]'
    project = 'budget = "300k"'
    environment = {"COPILOT_MODEL": "environment", "COPILOT_BUDGET": "500k"}
    config = load(user, project, environment, ConfigFile(include=["line"]))
    assert (config.model, config.budget, config.models_dir, config.include) == (
        *("environment", 500_000, Path("/user")),
        (("line",),),
    )
    assert config.origins == {
        "model": "environment",
        "budget": "environment",
        "models_dir": str(tmp_path / "config.toml"),
        "include": "command line",
    }


def test_the_command_line_goes_before_all(load: Load) -> None:
    line = ConfigFile(model="line", budget=7, local_only=False, models_dir="/line")
    environment = {f"COPILOT_{key}": "x" for key in ("MODEL", "MODELS_DIR", "LOCAL_ONLY")}
    config = load('model = "user"', "local_only = true\nbudget = 5", environment, line)
    assert (config.model, config.budget, config.local_only) == ("line", 7, False)
    assert set(config.origins.values()) == {"command line"}


@pytest.mark.parametrize(("word", "is_on"), [("1", True), ("true", True), ("0", False)])
def test_the_environment_has_switches(load: Load, word: str, is_on: bool) -> None:
    environment = {"COPILOT_LOCAL_ONLY": word, "COPILOT_SUBMODULES": word}
    config = load("submodules = true", environment=environment)
    assert (config.local_only, config.submodules) == (is_on, is_on)


@pytest.mark.parametrize("name", [".copilot.toml", "pyproject.toml"])
def test_a_project_may_narrow(load: Load, tmp_path: Path, name: str) -> None:
    head = "[tool.copilot]\n" if name == "pyproject.toml" else ""
    narrow = 'budget = "10k"\ninclude = ["src/"]\nexclude = ["gen/"]\nlocal_only = true'
    user = 'exclude = ["docs/"]\nexamples = 16'
    config = load(user, f"{head}{narrow}\nexamples = 4", name=name)
    assert (config.budget, config.include, config.exclude, config.local_only) == (
        *(10_000, (("src/",),)),
        *(("docs/", "gen/"), True),
    )
    assert config.examples == 4
    assert set(config.origins) == PROJECT_KEYS
    assert set(config.origins.values()) == {str(tmp_path / "root0" / name)}


def test_a_project_may_not_widen(load: Load, tmp_path: Path) -> None:
    user = 'budget = "10k"\ninclude = ["src/"]\nlocal_only = true'
    wide = 'budget = "1M"\ninclude = ["*"]\nlocal_only = false\nexclude = []\nexamples = 9'
    config = load(user, wide)
    assert config.examples == 0
    assert (config.budget, config.include, config.local_only) == (
        *(10_000, (("src/",), ("*",))),
        True,
    )
    assert (config.origins["budget"], config.origins["local_only"]) == (
        *(str(tmp_path / "config.toml"), str(tmp_path / "config.toml")),
    )


@pytest.mark.parametrize(
    "url", ["https://hunter2@host/{path}", "ssh://git:hunter2@host/{path}", "https://u:hunter2@h/"]
)
def test_a_remote_holds_no_credentials(load: Load, url: str) -> None:
    with pytest.raises(UsageError, match=r"remotes\.work holds a name or password") as caught:
        load(f'remotes.work = "{url}"')
    assert "hunter2" not in caught.value.message + caught.value.hint
    assert load('remotes.work = "ssh://git@host/{path}"').remotes["work"]


def test_of_several_projects_the_narrowest_holds(load: Load, tmp_path: Path) -> None:
    first = 'budget = 20\nlocal_only = true\ninclude = ["a", "b"]'
    config = load(project=[first, 'budget = 10\ninclude = ["c"]', 'exclude = ["x"]'])
    assert (config.budget, config.local_only, config.exclude) == (10, True, ("x",))
    assert config.include == (("a", "b"), ("c",))
    assert config.origins["budget"] == str(tmp_path / "root1" / ".copilot.toml")


@pytest.mark.parametrize("key", FORBIDDEN)
def test_what_only_the_user_may_set_is_refused_in_a_project(
    load: Load, tmp_path: Path, key: str
) -> None:
    with pytest.raises(PolicyRefused, match=f"sets {key}, which a repository may not") as caught:
        load(project=FORBIDDEN[key])
    assert str(tmp_path / "root0" / ".copilot.toml") in caught.value.message


def test_it_is_refused_in_pyproject_too(load: Load) -> None:
    with pytest.raises(PolicyRefused, match=r"pyproject\.toml sets models"):
        load(project='[tool.copilot.models.x]\nbase_url = "http://x"', name="pyproject.toml")


def test_every_key_is_either_a_projects_or_forbidden_there() -> None:
    assert set(ConfigFile.__struct_fields__) == PROJECT_KEYS | LEFT_ASIDE | set(FORBIDDEN)


def test_keys_and_theme_are_the_users_alone(load: Load, tmp_path: Path) -> None:
    config = load('theme = "light"\n[keys]\naccept = "y"', 'theme = "dark"\nkeys.quit = "a"')
    assert config.theme == "light"
    assert config.keys == {"accept": "y"}
    file = tmp_path / "root0" / ".copilot.toml"
    assert config.left_aside == tuple(
        f"{file} sets {key}: only your own config.toml may" for key in ("keys", "theme")
    )


def test_unknown_theme_is_an_error(load: Load) -> None:
    with pytest.raises(UsageError, match="theme"):
        load('theme = "pink"')


@pytest.fixture
def linked(tmp_path: Path) -> Callable[[str], Path]:
    """Make a root whose configuration of a given name is a link to a file outside."""

    def link(name: str) -> Path:
        (tmp_path / "elsewhere.toml").write_text('budget = 5\n[tool.copilot]\nmodel = "theirs"')
        root = tmp_path / "root"
        root.mkdir()
        (root / name).symlink_to(tmp_path / "elsewhere.toml")
        return root

    return link


def test_a_linked_pyproject_is_not_read(linked: Callable[[str], Path]) -> None:
    root = linked("pyproject.toml")
    assert load_config(root / "none.toml", [root], {}) == Config()


def test_a_linked_file_of_ours_is_refused_aloud(linked: Callable[[str], Path]) -> None:
    root = linked(".copilot.toml")
    with pytest.raises(UsageError, match="symbolic link"):
        load_config(root / "none.toml", [root], {})


def test_a_broken_pyproject_with_our_table_is_refused_aloud(load: Load) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        load(project="[tool.copilot]\nlocal_only = true\n[", name="pyproject.toml")


def test_a_project_raises_no_budget_above_the_usual(load: Load) -> None:
    assert load(project='budget = "5M"').budget == DEFAULT_BUDGET


def test_the_own_file_of_a_project_goes_before_its_pyproject(tmp_path: Path) -> None:
    (tmp_path / ".copilot.toml").write_text("budget = 5")
    (tmp_path / "pyproject.toml").write_text("[tool.copilot]\nbudget = 4\nlocal_only = true")
    config = load_config(tmp_path / "none.toml", [tmp_path], {})
    assert (config.budget, config.local_only) == (5, False)


@pytest.mark.parametrize(
    "text", ["", "[tool.other]\nx = 1", "tool = 1", "[tool]\ncopilot = 1", "["]
)
def test_a_pyproject_without_our_table_says_nothing(load: Load, text: str) -> None:
    assert load(project=text, name="pyproject.toml") == Config()


def test_a_repositorys_env_file_is_never_read(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(project="budget = 5")
    (tmp_path / "root0" / ".env").write_text("COPILOT_MODEL=theirs\nCOPILOT_BUDGET=1\n")
    monkeypatch.chdir(tmp_path / "root0")
    config = load_config(tmp_path / "none.toml", [tmp_path / "root0"], {})
    assert (config.model, config.budget) == (None, 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budgett = 5", r"there is no key budgett; did you mean budget\?$"),
        ("dance = 5", "there is no key dance$"),
        ("model = 5", "toml: model: it takes text in quotes$"),
        ("budget = true", "budget: it takes a whole number or text in quotes$"),
        ('budget = "many"', "budget: not a number of tokens: 'many'"),
        ("budget = 0", "budget: not a number of tokens: '0'"),
        ("budget = -5", "budget: not a number of tokens"),
        ('ask_above_tokens = "few"', "ask_above_tokens: not a number of tokens: 'few'"),
        ("ask_above_cost = -1", "ask_above_cost: it takes at least 0$"),
        ("ask_above_cost = nan", "ask_above_cost: it takes at least 0$"),
        ("[models.x]\nprice_input = -0.1", r"\[models\.x\] price_input: it takes at least 0$"),
        (
            "[models.x]\nprice_output = inf",
            r"\[models\.x\] price_output: it takes at most 1000000000$",
        ),
        ('[models.x]\nprice_cached = "3"', r"\[models\.x\] price_cached: it takes a number$"),
        (
            '[models.x]\ncurrency = "dollars"',
            "currency: it takes three capital letters, such as USD$",
        ),
        ('exclude = "x"', "exclude: it takes a list$"),
        ("include = [1]", "include: it takes text in quotes$"),
        ('local_only = "yes"', "local_only: it takes true or false$"),
        ('[models.x]\nprovider = "go pher"', "provider: it takes a name of letters"),
        ("[models.x]\nkey = 'sk-1'", r"\[models\.x\]: there is no key key$"),
        ("[models.x]\nmax_reply_tokns = 5", r"did you mean max_reply_tokens\?$"),
        ("[models.x]\ncache_ttl = '3m'", "cache_ttl: it takes 5m or 1h$"),
        ("[models.x]\nsamples = 0", "samples: it takes at least 1$"),
        ("[models.x]\nwindow = -5", "window: it takes at least 1$"),
        ("[models.x]\ndeadline_seconds = 0", "deadline_seconds: it takes more than 0$"),
        ("[models.x]\nmembers = [1]", "members: it takes text in quotes$"),
        ("[models]\nx = 1", r"\[models\.x\]: it takes a table$"),
        ("hook_policy = 'x'", "hook_policy: it takes open or closed$"),
        ("[keys]\na = 1", "keys: it takes text in quotes$"),
        ("[[models]]", "models: it takes a table$"),
        ("a\n= 1", "line 1"),
        ("a = " + "[" * 5000, "recursion"),
    ],
    ids=lambda text: str(text)[:40],
)
def test_a_wrong_key_is_named_with_its_file(
    load: Load, tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        load(text)
    assert str(tmp_path / "config.toml") in caught.value.message
    assert caught.value.hint
    assert "$" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *[("budgett = 5", "budgett"), ("budget = 'x'", "budget"), ("exclude = 'x'", "exclude")],
        *[("budget = ", "cannot read"), ("a = " + "[" * 5000, "recursion")],
    ],
    ids=lambda text: str(text)[:20],
)
def test_a_wrong_key_of_a_project_is_named_with_its_file(load: Load, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        load(project=text)
    assert ".copilot.toml" in caught.value.message


def test_a_file_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b'model = "caf\xe9"')
    with pytest.raises(UsageError, match="cannot read"):
        load_config(tmp_path / "config.toml", [], {})


def test_a_wrong_environment_is_named(load: Load) -> None:
    with pytest.raises(UsageError, match="environment: budget: not a number of tokens: 'lots'"):
        load(environment={"COPILOT_BUDGET": "lots"})


@pytest.mark.parametrize(
    ("value", "local_only"),
    [("1", True), ("true", True), ("x", True), ("0", False), ("False", False), ("no", False)],
)
def test_local_only_from_the_environment(load: Load, value: str, local_only: bool) -> None:
    assert load(environment={"COPILOT_LOCAL_ONLY": value}).local_only is local_only


def test_an_empty_variable_is_not_set(load: Load) -> None:
    assert load('model = "user"', environment={"COPILOT_MODEL": ""}).model == "user"


def test_models_are_read_with_their_defaults(load: Load) -> None:
    config = load('[models.a]\nbase_url = "http://x/v1"\n[models."b.c"]\nprovider = "embedded"')
    assert config.models == {
        "a": ModelSettings(base_url="http://x/v1"),
        "b.c": ModelSettings(provider="embedded"),
    }
    assert config.models["a"].tokenizer == "o200k_base"


def test_prices_are_read_and_unknown_unless_given(load: Load) -> None:
    prices = "price_input = 3\nprice_cached = 0.3\nprice_cache_write = 3.75\nprice_output = 15"
    config = load(f'[models.a]\n{prices}\ncurrency = "EUR"\n[models.b]')
    assert config.models["a"] == ModelSettings(
        price_input=3.0, price_cached=0.3, price_cache_write=3.75, price_output=15.0, currency="EUR"
    )
    assert (config.models["b"].price_input, config.models["b"].currency) == (None, "USD")


def test_above_what_the_user_wants_to_be_asked(load: Load, tmp_path: Path) -> None:
    config = load('ask_above_tokens = "500k"\nask_above_cost = 1')
    assert (config.ask_above_tokens, config.ask_above_cost) == (500_000, 1.0)
    assert config.origins["ask_above_cost"] == str(tmp_path / "config.toml")
    assert (load("").ask_above_tokens, load("").ask_above_cost) == (None, None)


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no configuration file at"):
        read_file(tmp_path / "gone.toml")
    assert read_file(tmp_path / "gone.toml", required=False) is None


def test_a_home_folder_is_expanded(load: Load, empty_home: Path) -> None:
    assert load('models_dir = "~/models"').models_dir == empty_home / "models"


def test_what_the_user_includes_by_hand_takes_the_place_of_all_else(load: Load) -> None:
    line = ConfigFile(include=["*.py", "*.md"])
    assert load('include = ["a"]', 'include = ["b"]', command_line=line).include == (
        ("*.py", "*.md"),
    )


def test_empty_lists_say_nothing(load: Load) -> None:
    assert load("include = []\nexclude = []", "include = []\nexclude = []") == Config()
