"""The command that authors draw with."""

from tests.library import contact_sheet
from tests.library.contact_sheet import FOLDER, main


def test_list_prints_each_exercise_and_draws_nothing(tmp_path, capsys):
    status = main(["--out", str(tmp_path / "sheet"), "--list", "heel-raise", "cat-camel"])

    assert status == 0
    assert capsys.readouterr().out == "heel-raise: good\ncat-camel: good\n"
    assert not (tmp_path / "sheet").exists()


def test_faults_are_printed_and_the_exit_status_says_so(tmp_path, capsys):
    text = (FOLDER / "heel-raise.toml").read_text()
    (tmp_path / "bent.toml").write_text(text.replace("flexion = -32", "flexion = -80"))
    (tmp_path / "torn.toml").write_text(text.replace("feet:floor", "feet:moon"))

    status = main(["--list", str(tmp_path / "bent.toml"), str(tmp_path / "torn.toml")])

    printed = capsys.readouterr().out
    assert status == 1
    assert "ankle_l.flexion -80 is outside -65 to 38" in printed
    assert "torn: cannot be read: pose[1].contacts[1]: unknown_surface" in printed


def test_a_sheet_shows_three_frames_and_ten_moments(tmp_path, monkeypatch):
    photographed = []
    monkeypatch.setattr(
        contact_sheet, "photograph", lambda folder, names: photographed.extend(names)
    )

    main(["--out", str(tmp_path), "--left", "--theme", "dark", "arm-raise-front"])

    assert (tmp_path / "arm-raise-front.html").read_text().count("<svg") == 13
    assert (tmp_path / "overview.html").read_text().count("<svg") == 3
    assert photographed == ["arm-raise-front", "overview"]
