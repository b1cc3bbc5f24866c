//! The hard-negative workbench: filter, walk by keys, decide, see the figures change, undo, export, open again.

use super::{Window, boot, click, errors, now, open, perform, perform_of, session, settle};
use crate::window::negatives_of;
use egui::Key;
use egui_kittest::kittest::Queryable;
use nearmiss::dataset::export::Layout;
use nearmiss::dataset::{Decisions, Verdict, demo};
use nearmiss::desktop::Start;
use nearmiss::desktop::core::{Command, DataSource, EncoderSource, Query, SetsCommand, Workspace};
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::negatives::Command as NegativesCommand;
use nearmiss::desktop::negatives::Negatives;
use nearmiss::desktop::negatives::PairOrder;
use nearmiss::retrieval::Side;
use nearmiss::retrieval::mine::MinedPair;
use std::path::Path;

fn key(window: &mut Window, key: Key) {
    window.key_press(key);
    settle(window);
}

pub(super) fn ask(window: &mut Window, command: NegativesCommand) {
    perform_of::<Negatives>(window, command);
    settle(window);
}

/// The demo in a folder of its own, opened in the workbench.
pub(super) fn workbench(folder: &Path) -> Window {
    let data = demo::unpack(folder).unwrap();
    let workspace = Workspace {
        encoder: Some(EncoderSource::Folder(data.join("encoder"))),
        data: Some(DataSource::at(data)),
        ..Workspace::default()
    };
    let file = folder.join("w.json");
    workspace.save(&file).unwrap();
    let start = Start {
        open: Some(file),
        data_folder: None,
    };
    let mut window = boot(start, [1440.0, 900.0]);
    click(&mut window, "Negatives");
    assert_eq!(session(&window).tab, Negatives::TAB);
    assert_eq!(errors(&window), Vec::<String>::new());
    window
}

fn count(window: &Window) -> usize {
    negatives_of(window)
        .set
        .get(now(window))
        .expect("mined")
        .pairs
        .len()
}

#[test]
fn a_false_negative_is_found_confirmed_counted_undone_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = workbench(folder.path());
    // Every query whose hardest negative beats its best positive, nearest first.
    let direction = session(&window).direction(Side::Image).expect("ranked");
    let wins = (0..300).filter(|&q| direction.margin(q) < 0.0).count();
    assert!(wins > 1);
    assert_eq!(count(&window), wins);
    let margins: Vec<f32> = {
        let set = negatives_of(&window).set.get(now(&window)).unwrap();
        set.pairs.iter().map(MinedPair::margin).collect()
    };
    assert!(margins.windows(2).all(|w| w[0] >= w[1]) && margins[0] < 0.0);
    assert!(window.query_all_by_label_contains("pairs").next().is_some());

    // Filter: near misses too, then back.
    click(&mut window, "margin below 0.20");
    assert!(count(&window) > wins);
    click(&mut window, "margin below 0");
    assert_eq!(count(&window), wins);

    // Walk: the other views follow.
    key(&mut window, Key::ArrowDown);
    let negatives = negatives_of(&window);
    assert_eq!(negatives.at, 1);
    let pair = negatives.pair(now(&window)).unwrap().clone();
    assert_eq!(
        session(&window).query(),
        Some(&Query::Row(Side::Image, pair.query as usize))
    );
    assert_eq!(session(&window).tab, Negatives::TAB, "the view stays");
    let why = negatives.why.get(now(&window)).expect("explained");
    assert_eq!(why.of, 1);
    assert!(why.is_hardest && why.sum_of_hinges > 0.0);
    let words = why.words.as_ref().expect("weighed");
    assert!((words[1].standing.score - pair.scores[1]).abs() < 1e-4);

    // Confirm: the figure rises for this query, and the next pair is looked at.
    let before = session(&window).ranking().unwrap().report.i2t.r1;
    key(&mut window, Key::F);
    let negatives = negatives_of(&window);
    assert_eq!(negatives.at, 2);
    let figures = negatives
        .figures
        .get(now(&window))
        .copied()
        .expect("counted");
    assert_eq!(figures.pairs, 1);
    // A negative that ranks first becomes right: one more of 300 images.
    assert!((figures.i2t.r1 - before - 100.0 / 300.0).abs() < 1e-9);
    assert!(
        window
            .query_all_by_label_contains("R@1 if confirmed")
            .next()
            .is_some()
    );
    assert!(
        window
            .query_all_by_label_contains("1 confirmed")
            .next()
            .is_some()
    );

    // Reject the next, take both back, confirm again.
    key(&mut window, Key::R);
    let all = &negatives_of(&window).decided.all;
    assert_eq!(
        (all.count(Verdict::Right), all.count(Verdict::Wrong)),
        (1, 1)
    );
    window.key_press_modifiers(egui::Modifiers::COMMAND, Key::Z);
    settle(&mut window);
    window.key_press_modifiers(egui::Modifiers::COMMAND, Key::Z);
    settle(&mut window);
    assert!(negatives_of(&window).decided.all.is_empty());
    assert_eq!(negatives_of(&window).figures.get(now(&window)), None);
    window.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, Key::Z);
    settle(&mut window);
    assert_eq!(negatives_of(&window).decided.confirmed.len(), 1);

    // Export leaves the confirmed pair out.
    let path = folder.path().join("negatives.jsonl");
    ask(
        &mut window,
        NegativesCommand::Export(None, Some(path.clone())),
    );
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), wins - 1);
    assert!(lines.iter().all(|l| l["margin"].as_f64().unwrap() < 0.0));

    let path = folder.path().join("triplets.csv");
    ask(
        &mut window,
        NegativesCommand::Export(Some(Layout::Triplet), Some(path.clone())),
    );
    let text = std::fs::read_to_string(&path).unwrap();
    // Each of the three captions of an image, with the negative of the image.
    assert_eq!(text.lines().count(), 1 + 3 * (wins - 1));

    // Open again: the decision is still there, and the pair is no negative any more.
    drop(window);
    let window = workbench(folder.path());
    let negatives = negatives_of(&window);
    assert_eq!(negatives.decided.confirmed, [pair.rows(Side::Image)].into());
    assert_eq!(negatives.figures.get(now(&window)), Some(&figures));
    let set = negatives.set.get(now(&window)).unwrap();
    assert!(
        set.pairs
            .iter()
            .all(|p| (p.query, p.negative) != (pair.query, pair.negative))
    );
}

#[test]
fn the_other_direction_and_the_worst_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = workbench(folder.path());
    key(&mut window, Key::D);
    let set = negatives_of(&window)
        .set
        .get(now(&window))
        .cloned()
        .unwrap();
    assert_eq!(set.plan.side, Side::Text);
    assert!(!set.pairs.is_empty());
    click(&mut window, "Margin, nearest");
    let set = negatives_of(&window)
        .set
        .get(now(&window))
        .cloned()
        .unwrap();
    assert_eq!(set.plan.order, PairOrder::Worst);
    assert!(set.pairs.windows(2).all(|w| w[0].margin() <= w[1].margin()));
    // The pair's words are those of the caption that asks, with either image.
    let why = negatives_of(&window)
        .why
        .get(now(&window))
        .cloned()
        .expect("explained");
    let words = why.words.as_ref().expect("weighed");
    assert_eq!(words[0].caption, words[1].caption);
}

#[test]
fn regions_are_shown_for_the_pair_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = workbench(folder.path());
    key(&mut window, Key::G);
    let negatives = negatives_of(&window);
    let regions = negatives.regions.get(now(&window)).expect("covered");
    let pair = negatives.pair(now(&window)).unwrap();
    assert_eq!((regions.of, regions.image), (0, pair.query));
    // The whole picture scores what the ranking says.
    assert!((regions.map.scores[0] - pair.scores[1]).abs() < 1e-4);
    assert!(regions.map.raises[0].iter().any(|v| v.abs() > 1e-4));
}

#[test]
fn a_broken_file_of_decisions_is_named_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let data = demo::unpack(folder.path()).unwrap();
    let place = Decisions::place(&data);
    std::fs::write(&place, "{}").unwrap();
    let mut window = open(&data);
    let said = errors(&window).join("\n");
    assert!(said.contains("nearmiss-decisions.json"), "{said}");
    ask(&mut window, NegativesCommand::Decide(Some(Verdict::Right)));
    assert_eq!(std::fs::read_to_string(&place).unwrap(), "{}");
}

#[test]
fn sets_are_marked_named_and_shown_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = workbench(folder.path());
    let all = count(&window);
    key(&mut window, Key::M);
    key(&mut window, Key::ArrowDown);
    key(&mut window, Key::M);
    assert_eq!(session(&window).sets.marked.len(), 2);
    assert!(
        window
            .query_all_by_label_contains("2 marked")
            .next()
            .is_some()
    );
    window.key_press_modifiers(egui::Modifiers::SHIFT, Key::M);
    settle(&mut window);
    assert_eq!(
        session(&window).sets.marked.len(),
        2,
        "the dialog opens; nothing is marked"
    );
    assert!(
        window
            .query_all_by_label_contains("Marked: 2 images")
            .next()
            .is_some()
    );
    let save = Command::Sets(SetsCommand::Save("near".into()));
    perform(&mut window, save);
    settle(&mut window);
    click(&mut window, "Show only");
    assert_eq!(session(&window).browser.rows.len(), 2);
    assert_eq!(count(&window), 2);
    click(&mut window, "Show only");
    assert_eq!(count(&window), all);
    assert_eq!(session(&window).workspace.sets["near"].len(), 2);
}
