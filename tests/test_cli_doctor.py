"""The commands doctor and data: a line for everything, and what to do about it."""

import errno
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

from gmm_tutorial import data
from gmm_tutorial.course import doctor


def lines(text):
    """The lines of the doctor by what they are about."""
    return {line[5:18].strip(): line for line in text.splitlines() if line[:5].strip() in ("ok", "may", "must")}


# ---- doctor


def test_doctor_has_a_line_for_everything(call):
    exit_code, text = call("doctor")
    assert exit_code == 0, text
    assert set(lines(text)) >= {"Python", "torch", "torchvision", "device", "profile", "widgets"}
    assert set(lines(text)) >= {"cifar10", "shapes", "disk: data", "disk: cache"}
    assert "All is well." in text


def test_doctor_says_what_to_do_about_data_but_does_not_insist(call):
    _, text = call("doctor")
    assert lines(text)["cifar10"].startswith("may")
    assert "gmm-tutorial data cifar10" in lines(text)["cifar10"]
    assert lines(text)["shapes"].startswith("ok")


def test_doctor_names_an_unknown_profile(call, monkeypatch):
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "huge")
    exit_code, text = call("doctor")
    assert exit_code == 1
    assert lines(text)["profile"].startswith("must")
    assert "'huge'" in text and "'learn'" in text


def test_doctor_reports_damaged_data(call, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cifar10.npz").write_bytes(b"cut off")
    exit_code, text = call("doctor")
    assert exit_code == 1
    assert lines(text)["cifar10"].startswith("must")
    assert "--refetch" in text


def test_data_that_cannot_be_read_is_one_line(call, monkeypatch, tmp_path):
    def refused(name):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "data"))

    monkeypatch.setattr(data, "find", refused)
    for command in (["doctor"], ["data"]):
        exit_code, text = call(*command)
        assert exit_code == 1
        assert f"{tmp_path / 'data'} cannot be read (Permission denied): change" in lines(text)["svhn"]


def test_doctor_knows_a_torchvision_that_was_built_for_another_torch(monkeypatch):
    def broken(name):
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr(doctor.importlib, "import_module", broken)
    line = doctor.package_line("torchvision")
    assert line.state == "must"
    assert "nms does not exist" in line.says and "pip install" in line.says


def test_doctor_compares_versions_as_numbers(monkeypatch):
    monkeypatch.setattr(doctor, "version", lambda name: "2.7.1+cpu")
    assert "2.7.1+cpu is older than 2.8" in doctor.package_line("torch").says
    monkeypatch.setattr(doctor, "version", lambda name: "2.10.0")
    assert doctor.package_line("torch").state == "ok"


def test_doctor_misses_widgets_and_space(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", missing)
    assert "pip install ipywidgets" in doctor.widgets_line().says
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    assert doctor.disk_line("data").state == "must"


def test_a_check_that_breaks_is_a_line_too():
    line = doctor.guarded("device", lambda: 1 / 0)
    assert (line.state, line.says) == ("must", "ZeroDivisionError: division by zero")


def test_doctor_can_leave_folders_out(call, tmp_path, capsys):
    doctor.show(where=False)
    assert str(tmp_path) not in capsys.readouterr().out
    doctor.show()
    assert str(tmp_path) in capsys.readouterr().out


# ---- data


def test_data_alone_lists_what_there_is_and_where(call, tmp_path):
    exit_code, text = call("data")
    assert exit_code == 0
    assert str(tmp_path / "data") in text
    assert set(lines(text)) >= {"cifar10", "cifar100", "svhn", "tiny-imagenet", "shapes"}


def test_data_says_when_nothing_is_to_be_had(call, monkeypatch):
    def offline(name, root=None, refetch=False):
        raise data.DataUnavailable("tried one mirror: no network")

    monkeypatch.setattr(data, "fetch", offline)
    assert call("data", "cifar10") == (1, "tried one mirror: no network\n")


def test_data_refetches_on_demand(call, monkeypatch):
    asked = []
    monkeypatch.setattr(data, "fetch", lambda name, root=None, refetch=False: asked.append((name, refetch)))
    call("data", "cifar10", "--refetch")
    assert asked == [("cifar10", True)]


def test_data_that_is_drawn_needs_no_fetching(call):
    exit_code, text = call("data", "shapes")
    assert exit_code == 0
    assert "drawn by the package" in text


def test_data_refuses_an_unknown_name(call):
    exit_code, text = call("data", "imagenet")
    assert exit_code == 1
    assert "'imagenet'" in text and "cifar10" in text
