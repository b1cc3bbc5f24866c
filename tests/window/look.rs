//! Pictures of each view, compared with those kept in `tests/snapshots`.

use super::*;
use egui_kittest::SnapshotOptions;
use nearmiss::attack::Goal;
use nearmiss::desktop::attack::Attack;
use nearmiss::desktop::attack::Command as AttackCommand;
use nearmiss::desktop::attack::LabPage;
use nearmiss::desktop::attack::SetPlan;
use nearmiss::desktop::attack::Which;

/// What differs from machine to machine is painted over.
pub(super) fn snapshot(window: &mut Window, name: &str) {
    settle(window);
    let varying = [
        "ranked in",
        "compute",
        "ONNX Runtime",
        "Built-in engine",
        "threads)",
        "s ago",
        "demo-",
        "by step · ",
        "Time: ",
        "stood before",
        "words tried",
        "mined in",
        // How long models take, and how exact the machine's arithmetic is.
        " ms",
        "e-",
        "with gradient, ",
        "Self-check",
        "Shown: ",
        " steps, ",
        "that neither saw. ",
        // Where a run of the test lies, and which machine worked on it.
        "WebDataset",
        "of all machines",
        "URL of the run",
    ];
    let rects: Vec<egui::Rect> = varying
        .iter()
        .flat_map(|text| {
            window
                .query_all_by_label_contains(text)
                .map(|n| n.rect())
                .collect::<Vec<_>>()
        })
        .collect();
    for rect in rects {
        window.mask(rect.expand(4.0));
    }
    // The chips' width is that of the engines' names.
    let settings = window
        .get_all_by_label("Settings")
        .next()
        .expect("there")
        .rect();
    let chips =
        egui::Rect::from_x_y_ranges(settings.left() - 440.0..=settings.left() - 4.0, 0.0..=40.0);
    window.mask(chips);
    let options = SnapshotOptions::new().threshold(1.2).max_failed_pixels(600);
    window.snapshot_options(name, &options);
}

#[test]
fn views_look_as_they_did() {
    let mut window = demo();
    snapshot(&mut window, "retrieval");
    click(&mut window, "Captions");
    snapshot(&mut window, "retrieval-captions");
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::T);
    snapshot(&mut window, "retrieval-captions-light");
}

/// The view in the dark and in the light.
fn both(window: &mut Window, name: &str) {
    snapshot(window, name);
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::T);
    snapshot(window, &format!("{name}-light"));
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::T);
    settle(window);
}

#[test]
fn the_pages_of_structure_look_as_they_did() {
    let mut window = demo();
    click(&mut window, "Structure");
    for page in ["Matrix", "Margins", "Hubs", "Concepts", "Slices"] {
        if page != "Matrix" {
            click(&mut window, page);
        }
        both(&mut window, &format!("structure-{}", page.to_lowercase()));
    }
}

#[test]
fn the_map_looks_as_it_did() {
    let mut window = demo();
    click(&mut window, "Map");
    // By the axes of most variance, which no rounding turns over.
    click(&mut window, "PCA");
    both(&mut window, "map");
    // Closer, with the lines of all in sight; then so near that pictures stand in place of points.
    let lines = nearmiss::desktop::map::Lines {
        all: true,
        ..nearmiss::desktop::map::Lines::default()
    };
    let command = nearmiss::desktop::map::Command::SetLines(lines);
    perform_of::<nearmiss::desktop::map::MapView>(&mut window, command);
    for (times, name) in [(5, "map-closer"), (7, "map-near")] {
        for _ in 0..times {
            window.key_press(egui::Key::Plus);
        }
        both(&mut window, name);
    }
}

#[test]
fn the_map_looks_as_it_did_in_a_small_window() {
    let mut small = boot(Start::default(), [1280.0, 720.0]);
    click(&mut small, "Map");
    click(&mut small, "PCA");
    snapshot(&mut small, "map-1280x720");
}

#[test]
fn the_comparison_looks_as_it_did() {
    let mut window = demo();
    click(&mut window, "Compare");
    both(&mut window, "compare-start");
    let ctx = window.ctx.clone();
    // With itself: nothing depends on the last bit of a score.
    let source = nearmiss::desktop::core::EncoderSource::Demo;
    let open = nearmiss::desktop::compare::Command::Open(source);
    window
        .state_mut()
        .perform_of::<nearmiss::desktop::compare::Compare>(&ctx, open);
    settle(&mut window);
    window.key_press(egui::Key::ArrowDown);
    both(&mut window, "compare");
}

#[test]
fn models_log_and_problems_look_as_they_did() {
    let mut window = demo();
    click(&mut window, "Models");
    both(&mut window, "models");
    click(&mut window, "Log");
    // Runs say how long they took.
    click(&mut window, "Forget the runs");
    both(&mut window, "log");
    click(&mut window, "Problems");
    snapshot(&mut window, "problems");
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::T);
    snapshot(&mut window, "problems-light");
}

#[test]
fn the_first_minute_looks_as_it_did() {
    let data = tempfile::tempdir().expect("a folder");
    let start = Start {
        open: None,
        data_folder: Some(data.path().to_path_buf()),
    };
    let mut window = boot(start, [1440.0, 900.0]);
    both(&mut window, "story-start");
    click(&mut window, "Make the model wrong");
    // Blinking shows one picture or the other by the clock.
    let compare = nearmiss::desktop::attack::Compare::SideBySide;
    let looks = nearmiss::desktop::attack::Looks {
        compare,
        ..lab_of(&window).looks
    };
    ask_lab(&mut window, AttackCommand::SetLooks(looks));
    both(&mut window, "story-wrong");
}

#[test]
fn help_looks_as_it_did() {
    let mut window = demo();
    window.key_press(egui::Key::Questionmark);
    both(&mut window, "keys");
    window.key_press(egui::Key::Escape);
    settle(&mut window);
    window.key_press(egui::Key::F1);
    both(&mut window, "guide");
    click(&mut window, "Attacks and threat models");
    snapshot(&mut window, "guide-attacks");
}

#[test]
fn the_palette_looks_as_it_did_in_a_small_window() {
    let mut small = boot(Start::default(), [1280.0, 720.0]);
    small.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    snapshot(&mut small, "palette-1280x720");
}

#[test]
fn the_workbench_looks_as_it_did() {
    let mut window = demo();
    click(&mut window, "Negatives");
    window.key_press(egui::Key::J);
    settle(&mut window);
    window.key_press(egui::Key::G);
    snapshot(&mut window, "negatives");
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::T);
    settle(&mut window);
    window.key_press(egui::Key::D);
    snapshot(&mut window, "negatives-light");
}

#[test]
fn the_lab_looks_as_it_did() {
    let mut window = demo();
    click(&mut window, "Attack this pair");
    let lab = lab_of(&window);
    let mut settings = lab.settings.clone();
    settings.steps = Some(40);
    ask_lab(&mut window, AttackCommand::SetSettings(Box::new(settings)));
    ask_lab(&mut window, AttackCommand::Run);
    snapshot(&mut window, "attack");
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::T);
    settle(&mut window);
    click(&mut window, "Channels");
    snapshot(&mut window, "attack-light");
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::T);
    let plan = SetPlan {
        which: Which::First(12),
        eps: [1.0, 4.0, 16.0].map(|n| n / 255.0).to_vec(),
        ..SetPlan::default()
    };
    ask_lab(&mut window, AttackCommand::SetGoal(Goal::Lose));
    ask_lab(&mut window, AttackCommand::SetPlan(Box::new(plan)));
    ask_lab(&mut window, AttackCommand::ShowPage(LabPage::Set));
    ask_lab(&mut window, AttackCommand::RunSet);
    snapshot(&mut window, "attack-set");
    ask_lab(&mut window, AttackCommand::ShowPage(LabPage::Words));
    ask_lab(&mut window, AttackCommand::RunWords);
    snapshot(&mut window, "attack-words");
}

fn ask_lab(window: &mut Window, command: AttackCommand) {
    perform_of::<Attack>(window, command);
    settle(window);
}
