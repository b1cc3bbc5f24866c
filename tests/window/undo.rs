//! What was done is taken back and done again, by keys.

use super::*;
use egui::{Key, Modifiers};
use nearmiss::dataset::Verdict;
use nearmiss::desktop::core::{Command, Deeds, Sets, SetsCommand};
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::negatives::{Command as NegativesCommand, Negatives};
use nearmiss::desktop::retrieval::Retrieval;

fn undo(window: &mut Window) {
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    settle(window);
}

fn redo(window: &mut Window) {
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    settle(window);
}

/// All that can be taken back.
fn world(window: &Window) -> (Option<Query>, Sets, [usize; 2]) {
    let all = &negatives_of(window).decided.all;
    let counts = [all.count(Verdict::Right), all.count(Verdict::Wrong)];
    let session = session(window);
    (session.query().cloned(), session.sets.clone(), counts)
}

#[test]
fn marks_sets_and_queries_are_taken_back_in_turn_and_done_again() {
    let mut window = demo();
    let sets = |window: &mut Window, command| {
        perform(window, Command::Sets(command));
        settle(window);
    };
    let mut worlds = vec![world(&window)];
    window.key_press(Key::ArrowRight);
    settle(&mut window);
    worlds.push(world(&window));
    window.key_press(Key::M);
    settle(&mut window);
    worlds.push(world(&window));
    for command in [
        SetsCommand::Mark(vec![4, 7, 9], true),
        SetsCommand::Save("kept".into()),
        SetsCommand::Only(Some("kept".into())),
        SetsCommand::Mark(vec![7], false),
        SetsCommand::Save("kept".into()),
        SetsCommand::Delete("kept".into()),
        SetsCommand::Clear,
    ] {
        sets(&mut window, command);
        worlds.push(world(&window));
    }
    perform(
        &mut window,
        Command::Query(Query::Text("a red ring".into())),
    );
    settle(&mut window);
    worlds.push(world(&window));
    assert!(worlds.windows(2).all(|w| w[0] != w[1]), "each is a change");
    for before in worlds.iter().rev().skip(1) {
        undo(&mut window);
        assert_eq!(world(&window), *before);
    }
    undo(&mut window);
    assert_eq!(world(&window), worlds[0], "there is nothing more");
    for after in &worlds[1..] {
        redo(&mut window);
        assert_eq!(world(&window), *after);
    }
    // What is saved goes with it.
    for _ in 0..4 {
        undo(&mut window);
    }
    let names: Vec<&String> = session(&window).workspace.sets["kept"].iter().collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(errors(&window), Vec::<String>::new());
}

#[test]
fn decisions_are_taken_back_from_any_view_and_going_on_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = negatives::workbench(folder.path());
    perform(&mut window, Command::Show(Negatives::TAB));
    settle(&mut window);
    let counts = |window: &Window| world(window).2;
    let before = counts(&window);
    for verdict in [Verdict::Right, Verdict::Wrong, Verdict::Wrong] {
        perform_of::<Negatives>(&mut window, NegativesCommand::Decide(Some(verdict)));
        settle(&mut window);
    }
    assert_eq!(counts(&window), [1, 2]);
    // In the workbench walking on is no change.
    let query = session(&window).query().cloned();
    undo(&mut window);
    assert_eq!(
        (counts(&window), session(&window).query().cloned()),
        ([1, 1], query)
    );
    redo(&mut window);
    assert_eq!(counts(&window), [1, 2]);
    perform(&mut window, Command::Show(Retrieval::TAB));
    settle(&mut window);
    for _ in 0..3 {
        perform(&mut window, Command::Undo(Deeds::Changes));
        settle(&mut window);
    }
    assert_eq!(counts(&window), before);
    for _ in 0..12 {
        redo(&mut window);
    }
    assert_eq!(counts(&window), [1, 2]);
}

#[test]
fn another_dataset_has_another_history() {
    let root = tempfile::tempdir().unwrap();
    png(root.path(), "one.png");
    write(root.path(), "one.txt", b"The first picture");
    let mut window = demo();
    perform(
        &mut window,
        Command::Sets(SetsCommand::Mark(vec![200], true)),
    );
    window.key_press(Key::ArrowRight);
    settle(&mut window);
    drop_file(&mut window, root.path().to_path_buf());
    let before = world(&window);
    undo(&mut window);
    undo(&mut window);
    assert_eq!(world(&window), before);
}
