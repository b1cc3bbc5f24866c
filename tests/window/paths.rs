//! Where the system has no file dialog, paths are typed in the window.

use super::drive::choose;
use super::*;
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::AccessKitNode;
use nearmiss::desktop::core::{Command, Pick, Settings};

/// A window that asks for paths itself.
fn asking() -> Window {
    let mut window = demo();
    let settings = Settings {
        path_field: true,
        ..session(&window).settings.clone()
    };
    perform(&mut window, Command::SetSettings(Box::new(settings)));
    settle(&mut window);
    window
}

/// Waits until the window says so.
pub fn until(window: &mut Window, text: &str) {
    let start = Instant::now();
    while !says(window, text) {
        window.step();
        std::thread::sleep(Duration::from_millis(5));
        assert!(start.elapsed() < Duration::from_secs(20), "{text}");
    }
}

/// Types a path into the field in place of what it holds, and Enter.
pub fn answer(window: &mut Window, path: &Path) {
    let is_field = |node: &AccessKitNode<'_>| node.role() == Role::TextInput && node.is_focused();
    // The field takes the keyboard by itself.
    let start = Instant::now();
    while window.query_by(is_field).is_none() {
        window.step();
        assert!(start.elapsed() < Duration::from_secs(20), "no field");
    }
    window.step();
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.step();
    window
        .get_by(is_field)
        .type_text(&path.display().to_string());
    window.step();
    window.key_press(Key::Enter);
    window.step();
}

#[test]
fn a_dataset_is_opened_by_typing_its_path() {
    let root = tempfile::tempdir().unwrap();
    png(root.path(), "one.png");
    write(root.path(), "one.txt", b"The first picture");
    let mut window = asking();
    perform(&mut window, Command::Pick(Pick::DatasetFolder));
    until(&mut window, "Open a dataset folder");
    answer(&mut window, &root.path().join("missing/folder"));
    until(&mut window, "does not exist");
    answer(&mut window, root.path());
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    assert_eq!(session(&window).dataset().unwrap().images.len(), 1);
    assert!(!says(&window, "Type a path"));
}

#[test]
fn a_plot_is_saved_where_a_typed_path_says_and_nothing_is_replaced_unasked() {
    let root = tempfile::tempdir().unwrap();
    let mut window = asking();
    let plot = "Plot of ranks of the right one (I→T)";
    let place = root.path().join("ranks.csv");
    choose(&mut window, plot, "Save as CSV of its points…");
    until(&mut window, "Save the points");
    answer(&mut window, &place);
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let written = std::fs::read_to_string(&place).expect("written");
    assert!(written.starts_with("series,rank,"), "{written}");
    std::fs::write(&place, "mine").unwrap();
    choose(&mut window, plot, "Save as CSV of its points…");
    until(&mut window, "Save the points");
    answer(&mut window, &place);
    until(&mut window, "is there already");
    window.key_press(Key::Enter);
    window.step();
    assert_eq!(std::fs::read_to_string(&place).unwrap(), "mine");
    window.get_by_label("Replace the file").click();
    window.step();
    settle(&mut window);
    assert_eq!(std::fs::read_to_string(&place).unwrap(), written);
}

#[test]
fn a_question_for_a_path_can_be_left() {
    let mut window = asking();
    perform(&mut window, Command::Pick(Pick::Picture));
    until(&mut window, "Open a picture");
    let button = window.get_all_by_label("Cancel").last().unwrap();
    button.click();
    window.step();
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    assert!(session(&window).path_question.is_none());
}
