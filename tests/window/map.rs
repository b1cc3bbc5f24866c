//! The map, driven by pointer, keys, role and label.

mod kept;
mod lines;

use super::*;
use egui::{Key, Modifiers, Pos2};
use nearmiss::dataset::coordinates;
use nearmiss::desktop::core::{Command, SetsCommand};
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::map::{Colouring, Command as MapCommand, MapView, Mode, Outline, ShownMap};
use nearmiss::map::{NEAR, Projection, Rows, quality};
use nearmiss::task::Task;
use std::sync::Arc;

/// The demo's map, by the axes of most variance.
fn shown() -> Window {
    let mut window = demo();
    click(&mut window, "Map");
    assert_eq!(session(&window).tab, MapView::TAB);
    click(&mut window, "PCA");
    assert_eq!(errors(&window), Vec::<String>::new());
    window
}

fn ask(window: &mut Window, command: MapCommand) {
    perform_of::<MapView>(window, command);
    settle(window);
}

/// Presses a button of the inspector, which may have to be scrolled to.
fn press(window: &mut Window, text: &str) {
    window.get_by_label(text).click_accesskit();
    settle(window);
}

fn map(window: &Window) -> Arc<ShownMap> {
    map_of(window)
        .shown
        .get(now(window))
        .cloned()
        .expect("a map")
}

fn chosen(window: &Window) -> Vec<u32> {
    map_of(window).chosen(session(window)).to_vec()
}

fn canvas(window: &Window) -> egui::Rect {
    window.get_by_label_contains("Map of 300 images").rect()
}

/// Where an item lies while everything is seen.
fn place(window: &Window, item: u32) -> Pos2 {
    let (map, area) = (map(window), canvas(window));
    let at = map
        .plane
        .point(map.point(item).expect("in the map"))
        .expect("a point");
    // The card and the legend take the right side.
    let taken = 336.0;
    let scale = f64::from((area.width() - taken).min(area.height())) / 2.0 * 0.92;
    let middle = area.center() - egui::vec2(taken / 2.0, 0.0);
    middle + egui::vec2((at[0] * scale) as f32, (-at[1] * scale) as f32)
}

fn button(window: &mut Window, pos: Pos2, pressed: bool, modifiers: Modifiers) {
    window.event_modifiers(
        egui::Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers,
        },
        modifiers,
    );
}

fn drag(window: &mut Window, corners: &[Pos2], modifiers: Modifiers) {
    window.hover_at(corners[0]);
    window.step();
    button(window, corners[0], true, modifiers);
    window.step();
    for corner in corners {
        window.event_modifiers(egui::Event::PointerMoved(*corner), modifiers);
        window.step();
    }
    let last = corners[corners.len() - 1];
    button(window, last, false, modifiers);
    settle(window);
}

#[test]
fn the_map_is_made_measured_and_told() {
    let mut window = demo();
    click(&mut window, "Map");
    let made = map(&window);
    assert_eq!(made.map.options.projection, Projection::Umap);
    assert_eq!((made.map.images, made.map.points.len()), (300, 1_200));
    let found = made.map.quality.expect("measured");
    let embedded = session(&window).embedded().cloned().expect("embedded");
    let rows = Rows::of(&embedded, made.map.options.of, false)
        .expect("there")
        .rows;
    let task = Task::detached();
    let again = quality::measure(&rows, &made.map.points, NEAR, 1, &task).expect("runs");
    assert_eq!(again, Some(found));
    assert!(found.trustworthiness > 0.9, "{found:?}");
    for text in [
        "Trustworthiness at 15".to_owned(),
        format!("{:.3}", found.trustworthiness),
        "All 1,200 points; none is chosen".to_owned(),
        "Where it is lost".to_owned(),
    ] {
        assert!(
            window.query_all_by_label_contains(&text).next().is_some(),
            "{text}"
        );
    }
    // Another seed is another map, and says so until it is laid out.
    let mut options = map_of(&window).options.clone();
    options.seed = 9;
    ask(&mut window, MapCommand::SetOptions(Box::new(options)));
    let text = "What is set below is not laid out yet";
    assert!(window.query_all_by_label_contains(text).next().is_some());
    ask(&mut window, MapCommand::LayOut);
    assert!(window.query_all_by_label_contains(text).next().is_none());
    let other = map(&window);
    assert_ne!(other.map.points, made.map.points);
    // The same seed is the same map.
    ask(&mut window, MapCommand::LayOut);
    assert_eq!(map(&window).map.points, other.map.points);
}

#[test]
fn a_click_chooses_a_point_and_makes_it_the_query() {
    let mut window = shown();
    // One that has nothing near it.
    let made = map(&window);
    let alone = (0..300_u32)
        .max_by_key(|&image| {
            let at = made.plane.point(image).expect("a point");
            let gap = |other: u32| {
                let place = made.plane.point(other).expect("a point");
                ((place[0] - at[0]).powi(2) + (place[1] - at[1]).powi(2)) * 1e9
            };
            (0..1_200)
                .filter(|&o| o != image)
                .map(|o| gap(o) as u64)
                .min()
        })
        .expect("images");
    let at = place(&window, alone);
    window.hover_at(at);
    settle(&mut window);
    button(&mut window, at, true, Modifiers::NONE);
    button(&mut window, at, false, Modifiers::NONE);
    settle(&mut window);
    assert_eq!(chosen(&window), [alone]);
    assert_eq!(
        session(&window).query(),
        Some(&Query::Row(Side::Image, alone as usize))
    );
    assert_eq!(session(&window).tab, MapView::TAB, "the view stays");
    assert!(
        window
            .query_all_by_label_contains("1 chosen")
            .next()
            .is_some()
    );
    // A click where nothing is chooses nothing.
    let corner = canvas(&window).left_bottom() + egui::vec2(30.0, -40.0);
    window.hover_at(corner);
    window.step();
    button(&mut window, corner, true, Modifiers::NONE);
    button(&mut window, corner, false, Modifiers::NONE);
    settle(&mut window);
    assert_eq!(chosen(&window), Vec::<u32>::new());
}

#[test]
fn boxes_and_lassos_choose_add_and_take_away() {
    let mut window = shown();
    let area = canvas(&window);
    let middle = area.center() - egui::vec2(168.0, 0.0);
    window.key_press(Key::B);
    window.step();
    let (least, most) = (
        middle - egui::vec2(60.0, 50.0),
        middle + egui::vec2(10.0, 40.0),
    );
    drag(&mut window, &[least, most], Modifiers::NONE);
    let inside = |window: &Window, least: Pos2, most: Pos2| -> Vec<u32> {
        let rect = egui::Rect::from_min_max(least, most);
        (0..1_200)
            .filter(|&item| rect.contains(place(window, item)))
            .collect()
    };
    let first = inside(&window, least, most);
    assert!(first.len() > 5);
    assert_eq!(chosen(&window), first);
    // With Shift what is inside comes to it.
    let (from, to) = (
        middle + egui::vec2(0.0, -60.0),
        middle + egui::vec2(70.0, 60.0),
    );
    drag(&mut window, &[from, to], Modifiers::SHIFT);
    let mut both = [first.clone(), inside(&window, from, to)].concat();
    both.sort_unstable();
    both.dedup();
    assert_eq!(chosen(&window), both);
    // With Alt what is inside a lasso goes.
    window.key_press(Key::G);
    window.step();
    let corners = [
        least,
        Pos2::new(most.x, least.y),
        most,
        Pos2::new(least.x, most.y),
    ];
    drag(&mut window, &corners, Modifiers::ALT);
    let gone = inside(&window, least, most);
    let rest: Vec<u32> = both.iter().copied().filter(|i| !gone.contains(i)).collect();
    assert_eq!(chosen(&window), rest);
    window.key_press(Key::Backspace);
    settle(&mut window);
    assert_eq!(chosen(&window), both);
    window.key_press(Key::Escape);
    settle(&mut window);
    assert_eq!(chosen(&window), Vec::<u32>::new());
}

#[test]
fn words_are_found_chosen_and_made_a_set() {
    let mut window = shown();
    ask(&mut window, MapCommand::Find("red circle".into()));
    let dataset = session(&window).dataset().cloned().expect("open");
    let holds = |caption: &String| caption.contains("red") && caption.contains("circle");
    let right: Vec<u32> = (0..900)
        .filter(|&j| holds(&dataset.captions[j].to_lowercase()))
        .map(|j| 300 + j as u32)
        .collect();
    let found = map_of(&window)
        .found
        .get(now(&window))
        .cloned()
        .expect("found");
    assert_eq!(*found.1, right);
    assert!(!right.is_empty());
    ask(&mut window, MapCommand::ChooseFound);
    assert_eq!(chosen(&window), right);
    // Images that are chosen become a set, which every view has.
    let images = vec![3, 5, 8];
    ask(
        &mut window,
        MapCommand::Choose {
            outline: Outline::Items(images.clone()),
            mode: Mode::Add,
            pinned: false,
        },
    );
    click(&mut window, "Make a set");
    let marked: Vec<u32> = session(&window).sets.marked.iter().copied().collect();
    assert_eq!(marked, images);
    // Another set of the same name and size is another colouring.
    let red = |window: &Window, image: u32| {
        let dyed = map_of(window).dyed.clone().expect("coloured");
        dyed.colours[image as usize] == dyed.legend[0].colour
    };
    ask(&mut window, MapCommand::SetColouring(Colouring::Sets));
    for chosen in [[3, 5, 8], [4, 6, 9]] {
        let sets = |command| Command::Sets(command);
        perform(&mut window, sets(SetsCommand::Clear));
        perform(&mut window, sets(SetsCommand::Mark(chosen.to_vec(), true)));
        perform(&mut window, sets(SetsCommand::Save("few".into())));
        settle(&mut window);
        assert!((0..300).all(|image| red(&window, image) == chosen.contains(&image)));
    }
}

#[test]
fn the_table_lists_what_is_chosen_and_selects_for_all_views() {
    let mut window = shown();
    ask(
        &mut window,
        MapCommand::Choose {
            outline: Outline::Items(vec![7, 12, 310]),
            mode: Mode::Replace,
            pinned: false,
        },
    );
    let rank = session(&window)
        .direction(Side::Image)
        .expect("ranked")
        .ranks[12];
    let dataset = session(&window).dataset().cloned().expect("open");
    let name = format!("image {}: rank {rank}", dataset.images[12].name);
    click(&mut window, &name);
    assert_eq!(session(&window).query(), Some(&Query::Row(Side::Image, 12)));
    // What another view selects is selected here.
    perform(&mut window, Command::Query(Query::Row(Side::Text, 10)));
    settle(&mut window);
    let rank = session(&window)
        .direction(Side::Text)
        .expect("ranked")
        .ranks[10];
    let image = &dataset.images[dataset.image_of(10)].name;
    let text = format!("caption of {image}: rank {rank}");
    let row = window.get_by_label_contains(&text);
    assert!(row.rect().is_positive());
    assert_eq!(errors(&window), Vec::<String>::new());
}
