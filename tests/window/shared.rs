//! Files that two windows or two people share, names that no dialog confirmed, and the end of the program.

use super::negatives::{ask, workbench};
use super::{
    Window, boot, click, demo, embeddings, errors, now, npy, open, perform, perform_of, session,
    settle,
};
use crate::window::negatives_of;
use nearmiss::dataset::export::Layout;
use nearmiss::dataset::{Decisions, Verdict, demo};
use nearmiss::desktop::Start;
use nearmiss::desktop::attack::{Attack, Command as AttackCommand};
use nearmiss::desktop::core::{Command, Deeds, SetsCommand, Settings, SettingsFile, ThemeChoice};
use nearmiss::desktop::negatives::{Command as NegativesCommand, Negatives, NegativesPlan};
use nearmiss::desktop::retrieval::{Command::WriteReport, Retrieval};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A window whose settings are kept in `folder`.
fn kept_in(folder: &Path, open: Option<PathBuf>) -> Window {
    let start = Start {
        open,
        data_folder: Some(folder.to_path_buf()),
    };
    boot(start, [1440.0, 900.0])
}

fn saved(folder: &Path) -> Settings {
    SettingsFile::open(folder).1.expect("settings")
}

fn said(window: &Window, text: &str) -> usize {
    let log = &session(window).log;
    log.iter().filter(|e| e.text.contains(text)).count()
}

fn decide(window: &mut Window, verdict: Verdict) {
    ask(window, NegativesCommand::Decide(Some(verdict)));
}

/// Takes the last decision back.
fn take_back(window: &mut Window) {
    perform(window, Command::Undo(Deeds::Decisions));
    settle(window);
}

/// Names in `folder` that begin as what is half written does.
fn scratch(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let names = entries.map(|e| e.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| name.starts_with(".nearmiss-"))
        .collect()
}

#[test]
fn two_windows_keep_each_others_settings_recents_and_sets() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = demo::unpack(&folder.path().join("data")).expect("unpacked");
    let mut a = kept_in(folder.path(), None);
    let mut b = kept_in(folder.path(), None);
    let set = |window: &mut Window, image: u32, name: &str| {
        perform(window, Command::Sets(SetsCommand::Mark(vec![image], true)));
        perform(window, Command::Sets(SetsCommand::Save(name.into())));
        settle(window);
    };
    set(&mut a, 3, "of a");
    set(&mut b, 4, "of b");
    set(&mut a, 5, "more of a");
    perform(&mut a, Command::SetTheme(ThemeChoice::Light));
    settle(&mut a);
    perform(&mut b, Command::OpenPath(other));
    settle(&mut b);
    assert_eq!(session(&b).settings.theme, ThemeChoice::Dark);
    let all = saved(folder.path());
    assert_eq!((all.theme, all.recent.len()), (ThemeChoice::Light, 2));
    let demo = &all.recent[1].workspace;
    let names: Vec<&str> = demo.sets.keys().map(String::as_str).collect();
    assert_eq!(names, ["more of a", "of a", "of b"]);
    // What one deletes is gone, and nothing else.
    perform(&mut a, Command::Sets(SetsCommand::Delete("of a".into())));
    settle(&mut a);
    let all = saved(folder.path());
    assert_eq!(all.recent.len(), 2);
    let demo = &all.recent[0].workspace;
    let names: Vec<&str> = demo.sets.keys().map(String::as_str).collect();
    assert_eq!(names, ["more of a", "of b"]);
    // The other window's data is in this one's list now.
    assert_eq!(session(&a).settings.recent.len(), 2);
    assert_eq!(errors(&a), Vec::<String>::new());
    assert_eq!(errors(&b), Vec::<String>::new());
}

#[test]
fn settings_that_cannot_be_read_are_kept_aside_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("settings.json");
    std::fs::write(&path, "{\"theme\"").expect("written");
    let mut window = kept_in(folder.path(), None);
    let text = errors(&window).join("\n");
    assert!(text.contains("settings.unreadable.json"), "{text}");
    std::fs::write(&path, "[3]").expect("written");
    perform(&mut window, Command::SetTheme(ThemeChoice::Light));
    settle(&mut window);
    assert_eq!(said(&window, "settings file"), 2);
    assert_eq!(saved(folder.path()).theme, ThemeChoice::Light);
    for (name, text) in [
        ("settings.unreadable.json", "{\"theme\""),
        ("settings.unreadable-2.json", "[3]"),
    ] {
        let kept = std::fs::read_to_string(folder.path().join(name));
        assert_eq!(kept.expect("kept"), text);
    }
}

#[test]
fn two_windows_keep_each_others_decisions() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut a = workbench(folder.path());
    let mut b = workbench(folder.path());
    decide(&mut a, Verdict::Right);
    ask(&mut b, NegativesCommand::Step(1));
    decide(&mut b, Verdict::Wrong);
    assert_eq!(said(&b, "Took over 1 decision of others"), 1);
    let counts = |window: &Window| {
        let all = &negatives_of(window).decided.all;
        (all.count(Verdict::Right), all.count(Verdict::Wrong))
    };
    assert_eq!((counts(&a), counts(&b)), ((1, 0), (1, 1)));
    assert_eq!(negatives_of(&b).decided.confirmed.len(), 1);
    assert!(negatives_of(&b).figures.get(now(&b)).is_some());
    // What is taken back in one is not brought back by the other.
    take_back(&mut a);
    assert_eq!((said(&a, "Took over 1 decision"), counts(&a)), (1, (0, 1)));
    decide(&mut b, Verdict::Right);
    assert_eq!(counts(&b), (1, 1));
    // The later decision about a pair wins; taking back one's own, overruled, changes nothing.
    ask(&mut a, NegativesCommand::Select(0));
    decide(&mut a, Verdict::Right);
    ask(&mut b, NegativesCommand::Select(0));
    decide(&mut b, Verdict::Wrong);
    ask(&mut a, NegativesCommand::Select(3));
    decide(&mut a, Verdict::Right);
    assert_eq!(counts(&a), (2, 2));
    take_back(&mut a);
    take_back(&mut a);
    assert_eq!(counts(&a), (1, 2));
    let data = demo::unpack(folder.path()).expect("there");
    let all = Decisions::open(&Decisions::place(&data)).expect("decisions");
    assert_eq!(
        (all.count(Verdict::Right), all.count(Verdict::Wrong)),
        (1, 2)
    );
    assert_eq!(errors(&a), Vec::<String>::new());
}

#[test]
fn decisions_about_data_that_cannot_be_written_are_kept_elsewhere_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = demo::unpack(folder.path()).expect("unpacked");
    // Root may write everywhere, but not into a folder as if it were a file.
    let lock = data.join(".lock-nearmiss-decisions.json");
    std::fs::create_dir(&lock).expect("created");
    let mut window = workbench(folder.path());
    decide(&mut window, Verdict::Right);
    decide(&mut window, Verdict::Wrong);
    assert_eq!(errors(&window), Vec::<String>::new());
    assert_eq!(said(&window, "its own folder could not be written"), 1);
    assert!(!Decisions::place(&data).exists());
    let place = negatives_of(&window)
        .decided
        .place
        .clone()
        .expect("a place");
    assert!(place.starts_with(nearmiss::paths::data_dir().expect("a data folder")));
    assert_eq!(Decisions::open(&place).expect("kept").len(), 2);
    drop(window);
    let mine = |data: &Path| -> Value {
        let out = folder.path().join("negatives.jsonl");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_nearmiss"))
            .args(["--json", "mine", "--dataset"])
            .arg(data)
            .arg("--encoder")
            .arg(data.join("encoder"))
            .arg("--out")
            .arg(out)
            .output()
            .expect("run");
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let report = mine(&data);
    assert_eq!(report["decisions"]["confirmed"], 1);
    assert_eq!(
        report["decisions"]["file"],
        place.to_string_lossy().as_ref()
    );
    let why = report["decisions"]["elsewhere"].as_str().expect("told");
    assert!(why.contains("could not be written"), "{why}");
    // Once it can be written, all of it goes there, and what is kept elsewhere stays known.
    std::fs::remove_dir(&lock).expect("removed");
    let mut window = workbench(folder.path());
    assert_eq!(said(&window, "its own folder could not be written"), 1);
    assert_eq!(negatives_of(&window).decided.all.len(), 2);
    decide(&mut window, Verdict::Wrong);
    assert_eq!(
        Decisions::open(&Decisions::place(&data))
            .expect("kept")
            .len(),
        3
    );
}

#[test]
fn decisions_about_bare_embeddings_follow_their_rows() {
    let root = tempfile::tempdir().expect("a folder");
    let mut rng = fastrand::Rng::with_seed(5);
    let mut row = || -> Vec<f32> { (0..8).map(|_| rng.f32() - 0.5).collect() };
    let mut images: Vec<Vec<f32>> = (0..10).map(|_| row()).collect();
    let mut texts: Vec<Vec<f32>> = (0..20).map(|_| row()).collect();
    let write = |images: &[Vec<f32>], texts: &[Vec<f32>]| {
        let images = npy(root.path(), "i.npy", 8, &images.concat());
        let texts = npy(root.path(), "t.npy", 8, &texts.concat());
        embeddings(root.path(), images, texts)
    };
    let file = write(&images, &texts);
    let mut window = open(&file);
    click(&mut window, "Negatives");
    let side = negatives_of(&window).plan.side;
    let pair = negatives_of(&window).pair(now(&window)).expect("mined");
    let (i, j) = pair.rows(side);
    decide(&mut window, Verdict::Right);
    assert_eq!(negatives_of(&window).decided.confirmed, [(i, j)].into());
    drop(window);
    // The images and their captions in the opposite order: the same pair is confirmed.
    images.reverse();
    texts.reverse();
    let window = open(&write(&images, &texts));
    let turned = [(9 - i, 19 - j)].into();
    assert_eq!(negatives_of(&window).decided.confirmed, turned);
    assert_eq!(errors(&window), Vec::<String>::new());
    drop(window);
    // Equal rows are told of; what an older version kept by numbers holds, and that is told too.
    texts[0] = texts[5].clone();
    let old = r#"{"version": 1, "decisions": [
        {"image": "image 2", "caption": "caption 1 of image 4", "verdict": "wrong"}]}"#;
    std::fs::write(root.path().join("nearmiss-decisions.json"), old).expect("written");
    let window = open(&write(&images, &texts));
    assert_eq!(said(&window, "1 caption rows are equal to others"), 1);
    assert_eq!(
        said(&window, "1 decisions were kept by the numbers of rows"),
        1
    );
    assert_eq!(negatives_of(&window).decided.rejected, [(1, 6)].into());
}

#[test]
fn nothing_is_replaced_that_no_dialog_asked_about() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = workbench(folder.path());
    let at = |name: &str| folder.path().join(name);
    let text = |name: &str| std::fs::read_to_string(at(name)).expect("there");
    // The ending is appended, and what has that name stays.
    ask(
        &mut window,
        NegativesCommand::Export(None, Some(at("coco.v2"))),
    );
    assert!(at("coco.v2.jsonl").is_file() && !at("coco.jsonl").exists());
    std::fs::write(at("mine.v2.jsonl"), "kept").expect("written");
    let layout = Some(Layout::Triplet);
    for layout in [None, layout] {
        ask(
            &mut window,
            NegativesCommand::Export(layout, Some(at("mine.v2"))),
        );
    }
    std::fs::write(at("page.v2.html"), "kept").expect("written");
    perform_of::<Retrieval>(&mut window, WriteReport(at("page.v2")));
    settle(&mut window);
    let refused = errors(&window);
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(
        refused.iter().all(|e| e.contains("another name")),
        "{refused:?}"
    );
    assert_eq!(
        (text("mine.v2.jsonl"), text("page.v2.html")),
        ("kept".into(), "kept".into())
    );
    // What was confirmed is replaced.
    ask(
        &mut window,
        NegativesCommand::Export(layout, Some(at("mine.v2.jsonl"))),
    );
    perform_of::<Retrieval>(&mut window, WriteReport(at("page.v2.html")));
    settle(&mut window);
    assert_ne!(text("mine.v2.jsonl"), "kept");
    assert!(text("page.v2.html").contains("<html"));
    assert_eq!(errors(&window).len(), 3);
}

#[test]
fn an_attack_is_not_exported_over_the_files_of_another_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let mut window = demo();
    click(&mut window, "Attack this pair");
    perform_of::<Attack>(&mut window, AttackCommand::Run);
    settle(&mut window);
    std::fs::write(at("photo.json"), "kept").expect("written");
    let export = |window: &mut Window, name: &str| {
        let path = Some(at(name));
        perform_of::<Attack>(window, AttackCommand::Export(path));
        settle(window);
    };
    export(&mut window, "photo.png");
    let refused = errors(&window).join("\n");
    assert!(refused.contains("photo.json"), "{refused}");
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "nothing was written");
    export(&mut window, "photo.v2");
    for name in [
        "photo.v2.png",
        "photo.v2.npy",
        "photo.v2.heatmap.png",
        "photo.v2.json",
    ] {
        assert!(at(name).is_file(), "{name}");
    }
    assert_eq!(errors(&window).len(), 1);
}

#[test]
fn the_end_finishes_saves_and_leaves_no_scratch() {
    let (folder, kept) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    drop(workbench(folder.path()));
    let mut window = kept_in(kept.path(), Some(folder.path().join("w.json")));
    click(&mut window, "Negatives");
    let plan = NegativesPlan::default();
    ask(&mut window, NegativesCommand::SetPlan(plan));
    // Begun, and not waited for.
    let report = folder.path().join("report.html");
    perform_of::<Retrieval>(&mut window, WriteReport(report.clone()));
    perform(&mut window, Command::SetTheme(ThemeChoice::Light));
    perform_of::<Negatives>(&mut window, NegativesCommand::Decide(Some(Verdict::Right)));
    let begun = Instant::now();
    eframe::App::on_exit(window.state_mut());
    assert!(begun.elapsed() < Duration::from_millis(1500));
    assert_eq!(saved(kept.path()).theme, ThemeChoice::Light);
    let data = demo::unpack(folder.path()).expect("there");
    let all = Decisions::open(&Decisions::place(&data)).expect("decisions");
    assert_eq!(all.len(), 1);
    for place in [folder.path(), kept.path(), &data] {
        assert_eq!(scratch(place), Vec::<String>::new());
    }
    let whole = std::fs::read_to_string(&report).map_or(true, |page| page.contains("</html>"));
    assert!(whole, "a report is whole or not there");
}
