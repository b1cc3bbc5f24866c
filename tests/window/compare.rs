//! Two encoders in the window: choose, read, filter, sort, walk.

use super::{Window, click, demo, errors, now, says, session, settle};
use crate::window::compare_of;
use nearmiss::desktop::compare::Command as CompareCommand;
use nearmiss::desktop::compare::Compare;
use nearmiss::desktop::compare::Outcome;
use nearmiss::desktop::core::{Command, EncoderSource, Query};
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::retrieval::Command::WriteReport;
use nearmiss::desktop::retrieval::Retrieval;
use nearmiss::retrieval::Side;
use std::path::Path;

/// The demo's encoder, its pictures shown to it twice as bright: another encoder on the same data.
fn second(folder: &Path) -> EncoderSource {
    let encoder = nearmiss::dataset::demo::unpack(folder)
        .unwrap()
        .join("encoder");
    let config = encoder.join("preprocessor_config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["do_normalize"] = true.into();
    json["image_mean"] = serde_json::json!([0.2, 0.5, 0.3]);
    json["image_std"] = serde_json::json!([0.4, 0.6, 0.9]);
    std::fs::write(&config, json.to_string()).unwrap();
    EncoderSource::Folder(encoder)
}

fn perform(window: &mut Window, command: Command) {
    super::perform(window, command);
    settle(window);
}

fn perform_of<F: Feature>(window: &mut Window, command: F::Command) {
    super::perform_of::<F>(window, command);
    settle(window);
}

#[test]
fn the_second_encoder_is_asked_for_and_both_stay_named() {
    let mut window = demo();
    click(&mut window, "Compare");
    assert_eq!(session(&window).tab, Compare::TAB);
    assert!(says(&window, "Choose the second encoder"));
    let folder = tempfile::tempdir().unwrap();
    let source = second(folder.path());
    perform_of::<Compare>(&mut window, CompareCommand::Open(source));
    assert_eq!(errors(&window), Vec::<String>::new());
    let found = compare_of(&window)
        .found
        .get(now(&window))
        .cloned()
        .expect("compared");
    let figures = &found.figures.i2t;
    assert_ne!(figures.a, figures.b, "it is another encoder");
    let evaluation = session(&window).ranking().cloned().unwrap();
    assert_eq!(figures.a, evaluation.report.i2t);
    for text in [
        "A demo encoder".to_owned(),
        "B encoder".to_owned(),
        format!("R@1: A {:.1}, B {:.1}", figures.a.r1, figures.b.r1),
        format!("{} right with A alone", figures.at[0].only_a),
    ] {
        assert!(says(&window, &text), "{text}");
    }
}

#[test]
fn cells_filter_headings_sort_and_keys_walk() {
    let mut window = demo();
    let folder = tempfile::tempdir().unwrap();
    let source = second(folder.path());
    perform_of::<Compare>(&mut window, CompareCommand::Open(source));
    perform(&mut window, Command::SetSide(Side::Text));
    assert_eq!(
        session(&window).tab,
        Compare::TAB,
        "turning round stays here"
    );
    perform_of::<Compare>(&mut window, CompareCommand::SetK(5));
    click(&mut window, "right with A alone");
    let state = compare_of(&window);
    assert_eq!((state.k(), state.outcome), (5, Some(Outcome::OnlyA)));
    let found = state.found.get(now(&window)).cloned().unwrap();
    let rows = state.rows.clone();
    assert_eq!(rows.len(), found.figures.t2i.at[1].only_a);
    assert!(!rows.is_empty());
    let shift = |&row: &u32| found.shift(Side::Text, row as usize);
    assert!(
        rows.iter()
            .all(|r| shift(r).rank_a <= 5 && shift(r).rank_b > 5)
    );
    click(&mut window, "Sort by Rank B");
    let rows = compare_of(&window).rows.clone();
    let ranks: Vec<u32> = rows.iter().map(|r| shift(r).rank_b).collect();
    assert!(ranks.is_sorted_by(|a, b| a >= b), "{ranks:?}");
    // The list is walked from the selected query on, or from its head.
    let mut at = session(&window)
        .selected()
        .and_then(|q| rows.iter().position(|&r| r as usize == q));
    for _ in 0..2 {
        window.key_press(egui::Key::ArrowDown);
        settle(&mut window);
        let next = at.map_or(0, |at| (at + 1).min(rows.len() - 1));
        at = Some(next);
        let row = rows[next] as usize;
        assert_eq!(session(&window).query(), Some(&Query::Row(Side::Text, row)));
    }
    assert_eq!(session(&window).tab, Compare::TAB);
    click(&mut window, "Show all");
    assert_eq!(compare_of(&window).rows.len(), 900);
    click(&mut window, "Show in Retrieval");
    assert_eq!(session(&window).tab, Retrieval::TAB);
}

#[test]
fn a_folder_without_an_encoder_is_an_error_and_nothing_is_lost() {
    let mut window = demo();
    let folder = tempfile::tempdir().unwrap();
    let source = EncoderSource::Folder(folder.path().to_path_buf());
    perform_of::<Compare>(&mut window, CompareCommand::Open(source));
    assert_eq!(errors(&window).len(), 1, "{:?}", errors(&window));
    assert!(compare_of(&window).found.get(now(&window)).is_none());
    assert!(says(&window, "are not compared"));
    assert!(session(&window).ranking().is_some());
    // What was found before stays, under its own name.
    let good = tempfile::tempdir().unwrap();
    let source = second(good.path());
    perform_of::<Compare>(&mut window, CompareCommand::Open(source));
    let source = EncoderSource::Folder(folder.path().to_path_buf());
    perform_of::<Compare>(&mut window, CompareCommand::Open(source));
    assert_eq!(errors(&window).len(), 2);
    assert!(says(&window, "B encoder") && says(&window, "right with both"));
}

#[test]
fn what_was_found_of_other_data_is_not_shown() {
    let mut window = demo();
    let folder = tempfile::tempdir().unwrap();
    let source = second(folder.path());
    perform_of::<Compare>(&mut window, CompareCommand::Open(source));
    assert!(says(&window, "right with both"));
    // The same data, embedded anew.
    perform(&mut window, Command::OpenEncoder(EncoderSource::Demo));
    assert!(!says(&window, "right with both"));
    assert!(says(&window, "Compare with encoder"));
    click(&mut window, "Compare with encoder");
    assert!(says(&window, "right with both"));
    click(&mut window, "Close");
    assert!(compare_of(&window).source.is_none());
    assert!(says(&window, "Choose the second encoder"));
}

#[test]
fn a_report_of_what_is_open_is_written() {
    let mut window = demo();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    perform_of::<Retrieval>(&mut window, WriteReport(path.clone()));
    assert_eq!(errors(&window), Vec::<String>::new());
    let page = std::fs::read_to_string(&path).unwrap();
    let report = &session(&window).ranking().unwrap().report;
    let row = format!("<td>Image to text</td><td>{:.2}</td>", report.i2t.r1);
    assert!(page.contains(&row), "{row}");
    assert!(says(&window, "report.html"), "the toast names the file");
}
