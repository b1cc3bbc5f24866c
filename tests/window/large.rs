//! Pictures that are opened large: by clicks and menus of every view, zoomed, closed, missing.

use super::drive::choose;
use super::*;
use egui::{Key, Pos2};
use egui_kittest::kittest::NodeT as _;
use nearmiss::desktop::core::Command;

const NAME: &str = "scenes/000.png";

/// Per cent of its own size at which the picture is seen.
fn per_cent(window: &Window) -> f32 {
    let said = window.query_all_by_label_contains(" %");
    let said = said.filter_map(|n| n.accesskit_node().value().or(n.accesskit_node().label()));
    let mut all = said.filter_map(|s| s.strip_suffix(" %")?.parse().ok());
    all.next().expect("a magnification")
}

fn is_open(window: &Window, name: &str) -> bool {
    window
        .query_by_label(&format!("Large picture: {name}"))
        .is_some()
}

fn press(window: &mut Window, key: Key) {
    window.key_press(key);
    settle(window);
}

/// Clicks at `at`, as often as `times`, within the time of a double click.
fn click_at(window: &mut Window, at: Pos2, times: usize) {
    for _ in 0..times {
        window.hover_at(at);
        window.step();
        window.drag_at(at);
        window.step();
        window.event(egui::Event::PointerButton {
            pos: at,
            button: egui::PointerButton::Primary,
            pressed: false,
            modifiers: egui::Modifiers::NONE,
        });
        window.step();
    }
    settle(window);
}

#[test]
fn the_picture_of_the_query_opens_large_zooms_moves_and_closes() {
    let mut window = demo();
    let folder = nearmiss::paths::data_dir().expect("a data folder");
    let demo = nearmiss::dataset::demo::unpack(&folder).expect("the demo");
    let (width, height) = image::image_dimensions(demo.join(NAME)).expect("a picture");
    assert!(!is_open(&window, NAME));
    click(&mut window, "Open large: scenes/000.png, the query");
    assert!(is_open(&window, NAME));
    assert!(says(&window, &format!("{width} × {height} pixels")));
    let fitted = per_cent(&window);
    press(&mut window, Key::Plus);
    assert!((per_cent(&window) / fitted - 1.4).abs() < 0.01);
    press(&mut window, Key::Minus);
    assert!((per_cent(&window) - fitted).abs() < 1.5);
    // The wheel, over the picture.
    let at = window
        .get_by_label("Large picture: scenes/000.png")
        .rect()
        .center();
    window.hover_at(at);
    window.step();
    window.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 120.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: egui::Modifiers::NONE,
    });
    for _ in 0..30 {
        window.step();
    }
    assert!(per_cent(&window) > 1.3 * fitted, "{}", per_cent(&window));
    press(&mut window, Key::Num0);
    assert!((per_cent(&window) - fitted).abs() < 1.5);
    // Keys of the view below are not taken.
    let before = session(&window).query().cloned();
    press(&mut window, Key::ArrowRight);
    assert_eq!(session(&window).query().cloned(), before);
    press(&mut window, Key::Escape);
    assert!(!is_open(&window, NAME));
    click(&mut window, "Open large: scenes/000.png, the query");
    window.get_by_label("Close").click();
    settle(&mut window);
    assert!(!is_open(&window, NAME));
    assert_eq!(errors(&window), Vec::<String>::new());
}

/// The demo in a window whose frames take as long as those of a screen: two clicks are a double click.
fn quick() -> Window {
    let start = Start::default();
    let mut window = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_max_steps(64)
        .with_step_dt(0.02)
        .build_eframe(move |cc| App::new(&cc.egui_ctx, &start));
    settle(&mut window);
    window
}

#[test]
fn a_double_click_opens_what_was_clicked_first_and_a_menu_does_too() {
    let mut window = quick();
    let thumb = |window: &Window, name: &str| {
        let said = format!("Image {name}, rank");
        window.get_by_label_contains(&said).rect().center()
    };
    // A click makes it the query, as before.
    let at = thumb(&window, "scenes/004.png");
    click_at(&mut window, at, 1);
    assert_eq!(session(&window).query(), Some(&Query::Row(Side::Image, 4)));
    assert!(!is_open(&window, "scenes/004.png"));
    window.run_steps(40);
    let at = thumb(&window, "scenes/002.png");
    click_at(&mut window, at, 2);
    assert!(is_open(&window, "scenes/002.png"));
    press(&mut window, Key::Escape);
    choose(&mut window, "Image scenes/003.png, rank", "Open large");
    settle(&mut window);
    assert!(is_open(&window, "scenes/003.png"));
    press(&mut window, Key::Escape);
    // The picture of a result; its row makes it the query.
    perform(&mut window, Command::Query(Query::Row(Side::Text, 0)));
    settle(&mut window);
    let first = session(&window).answer().expect("answered").hits[0].index;
    let dataset = session(&window).dataset().cloned().expect("open");
    let name = &dataset.images[first as usize].name;
    click(&mut window, &format!("Open large: image {name}"));
    assert!(is_open(&window, name));
    assert_eq!(session(&window).query(), Some(&Query::Row(Side::Text, 0)));
}

#[test]
fn a_picture_without_a_click_of_its_own_opens_by_one() {
    let mut window = quick();
    click(&mut window, "Structure");
    // The name stands below the picture in the inspector.
    let names = window.get_all_by_label(NAME).map(|n| n.rect());
    let name = names.max_by(|a, b| a.left().total_cmp(&b.left()));
    let at = name.expect("there").center_top() - egui::vec2(0.0, 40.0);
    click_at(&mut window, at, 1);
    assert!(is_open(&window, NAME));
    press(&mut window, Key::Escape);
    assert!(!says(&window, "Large picture: "));
}

#[test]
fn a_picture_whose_file_is_gone_says_so_in_its_place() {
    let root = tempfile::tempdir().expect("a folder");
    for name in ["one", "two"] {
        png(root.path(), &format!("{name}.png"));
        write(root.path(), &format!("{name}.txt"), b"A picture");
    }
    let mut window = open(root.path());
    let gone = root.path().join("one.png");
    std::fs::remove_file(&gone).expect("removed");
    let images = &session(&window).dataset().expect("open").images;
    let row = images.iter().position(|i| i.name.contains("one"));
    let name = images[row.expect("there")].name.clone();
    perform(&mut window, Command::OpenLarge(row.expect("there") as u32));
    settle(&mut window);
    assert!(is_open(&window, &name));
    assert!(says(&window, "This picture cannot be shown"));
    assert!(says(&window, &gone.display().to_string()));
    assert_eq!(errors(&window), Vec::<String>::new(), "it is said once");
    press(&mut window, Key::Escape);
    assert!(!is_open(&window, &name));
}

#[test]
fn what_is_closed_before_it_was_read_does_not_come() {
    let mut window = demo();
    perform(&mut window, Command::OpenLarge(5));
    perform(&mut window, Command::CloseLarge);
    settle(&mut window);
    assert!(!says(&window, "Large picture: "));
    // Another dataset takes the picture with it.
    perform(&mut window, Command::OpenLarge(5));
    settle(&mut window);
    assert!(is_open(&window, "scenes/005.png"));
    let root = tempfile::tempdir().expect("a folder");
    png(root.path(), "one.png");
    write(root.path(), "one.txt", b"A picture");
    perform(&mut window, Command::OpenPath(root.path().to_path_buf()));
    settle(&mut window);
    assert!(!says(&window, "Large picture: "));
    // No image, no picture.
    perform(&mut window, Command::OpenLarge(77));
    settle(&mut window);
    assert!(!says(&window, "Large picture: "));
}
