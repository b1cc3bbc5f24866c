//! The structure view, driven by role, label and keys.

use super::*;
use egui::Key;
use nearmiss::desktop::core::Command;
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::retrieval::Retrieval;
use nearmiss::desktop::structure::Command as StructureCommand;
use nearmiss::desktop::structure::Structure;
use nearmiss::desktop::structure::StructurePage;
use nearmiss::retrieval::structure::matrix::Order;

pub fn shown(page: &str) -> Window {
    look_at(demo(), page)
}

fn look_at(mut window: Window, page: &str) -> Window {
    click(&mut window, "Structure");
    assert_eq!(session(&window).tab, Structure::TAB);
    if page != "Matrix" {
        click(&mut window, page);
    }
    assert_eq!(errors(&window), Vec::<String>::new());
    window
}

pub fn ask(window: &mut Window, command: StructureCommand) {
    perform_of::<Structure>(window, command);
    settle(window);
}

pub fn picture(window: &Window) -> egui::Rect {
    window.get_by_label_contains("similarity matrix").rect()
}

#[test]
fn the_whole_matrix_is_seen_at_first_and_exactly() {
    let window = shown("Matrix");
    let matrix = &structure_of(&window).matrix;
    assert_eq!(
        matrix
            .arrangement
            .get(now(&window))
            .expect("ordered")
            .size(),
        [300, 900]
    );
    assert!(!matrix.seen.is_empty() && matrix.waiting == 0);
    for &key in &matrix.seen {
        let tile = matrix.tiles.get(key).expect("made");
        assert_eq!(tile.one_in, 1);
    }
    let text = "images 1–300 of 300 × captions 1–900 of 900, dataset order";
    assert!(window.query_all_by_label_contains(text).next().is_some());
    assert!(
        window
            .query_all_by_label_contains("every pair computed")
            .next()
            .is_some()
    );
}

#[test]
fn keys_move_and_zoom_down_to_single_pairs() {
    let mut window = shown("Matrix");
    for _ in 0..30 {
        window.key_press(Key::Plus);
    }
    settle(&mut window);
    let seen = structure_of(&window).matrix.viewport.expect("seen");
    assert_eq!(seen.level(), [0, 0]);
    assert!(seen.scale.iter().all(|&s| s < 0.05), "{seen:?}");
    window.key_press(Key::ArrowRight);
    window.key_press(Key::ArrowUp);
    settle(&mut window);
    let moved = structure_of(&window).matrix.viewport.expect("seen");
    assert!(moved.first[1] > seen.first[1] && moved.first[0] < seen.first[0]);
    // A click on a cell says its score and selects its image.
    let area = picture(&window);
    window.hover_at(area.center());
    settle(&mut window);
    let matrix = &structure_of(&window).matrix;
    let arrangement = matrix
        .arrangement
        .get(now(&window))
        .cloned()
        .expect("ordered");
    let at = |side: usize, offset: f32| {
        (moved.first[side] + f64::from(offset) * moved.scale[side]) as usize
    };
    let (row, column) = (at(0, area.height() / 2.0), at(1, area.width() / 2.0));
    let (image, caption) = (
        arrangement.image(row) as usize,
        arrangement.caption(column) as usize,
    );
    let embedded = session(&window).embedded().cloned().expect("embedded");
    let score = embedded.images.dot(image, &embedded.texts, caption);
    let dataset = session(&window).dataset().cloned().expect("open");
    let figure = format!("{:.3}", score.abs());
    let text = format!(
        "{figure} · {} · {}",
        dataset.images[image].name, dataset.captions[caption]
    );
    assert!(
        window.query_all_by_label_contains(&text).next().is_some(),
        "{text}"
    );
    for down in [true, false] {
        window.event(egui::Event::PointerButton {
            pos: area.center(),
            button: egui::PointerButton::Primary,
            pressed: down,
            modifiers: egui::Modifiers::NONE,
        });
    }
    settle(&mut window);
    assert_eq!(
        session(&window).query(),
        Some(&Query::Row(Side::Image, image))
    );
    assert_eq!(session(&window).tab, Structure::TAB, "the view stays");
    window.key_press(Key::Home);
    settle(&mut window);
    let seen = structure_of(&window).matrix.viewport.expect("seen");
    assert_eq!((seen.span(0, 300), seen.span(1, 900)), (0..300, 0..900));
}

#[test]
fn moving_makes_only_tiles_that_come_into_view() {
    let mut window = shown("Matrix");
    for _ in 0..9 {
        window.key_press(Key::Plus);
    }
    settle(&mut window);
    let before = structure_of(&window).matrix.clone();
    window.key_press(Key::ArrowRight);
    settle(&mut window);
    let after = &structure_of(&window).matrix;
    for key in &after.seen {
        if before.seen.contains(key) {
            let (old, new) = (before.tiles.get(*key), after.tiles.get(*key));
            assert!(std::sync::Arc::ptr_eq(
                old.expect("made"),
                new.expect("kept")
            ));
        }
    }
}

#[test]
fn rows_are_ordered_by_rank_and_by_cluster() {
    let mut window = shown("Matrix");
    click(&mut window, "Worst first");
    let direction = session(&window)
        .direction(Side::Image)
        .expect("ranked")
        .ranks
        .clone();
    let matrix = &structure_of(&window).matrix;
    let arrangement = matrix
        .arrangement
        .get(now(&window))
        .cloned()
        .expect("ordered");
    let ranks: Vec<u32> = (0..300)
        .map(|row| direction[arrangement.image(row) as usize])
        .collect();
    assert!(ranks.windows(2).all(|w| w[0] >= w[1]));
    click(&mut window, "Clusters");
    let matrix = &structure_of(&window).matrix;
    assert_eq!(matrix.looks.order, Order::Cluster);
    assert!(
        !matrix
            .arrangement
            .get(now(&window))
            .expect("ordered")
            .bounds
            .is_empty()
    );
    assert!(
        matrix
            .seen
            .iter()
            .all(|&key| matrix.tiles.get(key).is_some())
    );
}

#[test]
fn colours_can_run_over_what_is_seen() {
    // Small enough for a cell to hold several pairs, so that their mean is below their largest.
    let mut window = look_at(boot(Start::default(), [1000.0, 640.0]), "Matrix");
    let seen = structure_of(&window).matrix.viewport.expect("seen");
    assert_ne!(seen.level(), [0, 0]);
    let before = structure_of(&window).matrix.range;
    click(&mut window, "Colours over what is seen");
    let stretched = structure_of(&window).matrix.range;
    assert_ne!(before, stretched);
    click(&mut window, "Mean");
    assert!(structure_of(&window).matrix.range.high < stretched.high);
    click(&mut window, "Colours over what is seen");
    assert_eq!(structure_of(&window).matrix.range, before);
}

#[test]
fn near_misses_are_counted_within_the_band() {
    let mut window = shown("Margins");
    let count = |window: &Window| {
        let direction = session(window).direction(Side::Text).expect("ranked");
        let band = structure_of(window).plan.band;
        let near = |q: &usize| direction.ranks[*q] > 1 && direction.margin(*q).abs() < band;
        (0..direction.ranks.len()).filter(near).count()
    };
    let found = structure_of(&window)
        .found
        .get(now(&window))
        .cloned()
        .expect("analysed");
    let narrow = count(&window);
    assert_eq!(found.t2i.margins.nearly_right, narrow);
    let mut plan = structure_of(&window).plan.clone();
    plan.band = 0.1;
    ask(&mut window, StructureCommand::SetPlan(plan));
    let found = structure_of(&window)
        .found
        .get(now(&window))
        .cloned()
        .expect("analysed");
    let wide = count(&window);
    assert_eq!(found.t2i.margins.nearly_right, wide);
    assert!(wide > narrow);
    let share = 100.0 * wide as f64 / 900.0;
    let text = format!("nearly right {share:.1} %");
    assert!(
        window.query_all_by_label_contains(&text).next().is_some(),
        "{text}"
    );
}

#[test]
fn hubs_lead_to_what_they_win() {
    let mut window = shown("Hubs");
    let view = structure_of(&window);
    let neighbours = view.neighbours.get(now(&window)).cloned().expect("counted");
    assert_eq!(neighbours.texts.counts.iter().sum::<u32>(), 300 * 10);
    let found = view.found.get(now(&window)).cloned().expect("analysed");
    let hub = found.i2t.hubs[0];
    let caption =
        session(&window).dataset().cloned().expect("open").captions[hub.item as usize].clone();
    click(&mut window, &format!("{caption}: wins {}", hub.wins));
    assert_eq!(
        session(&window).query(),
        Some(&Query::Row(Side::Text, hub.item as usize))
    );
    let text = format!("{} queries lost to it", hub.wins);
    assert!(
        window.query_all_by_label_contains(&text).next().is_some(),
        "{text}"
    );
    // Ordered by name, another line is first.
    click(&mut window, "Sort by Negative");
    click(&mut window, "Images");
    let hub = found.t2i.hubs[0];
    let name = &session(&window).dataset().expect("open").images[hub.item as usize].name;
    assert!(
        window
            .query_all_by_label_contains(&format!("{name}: wins"))
            .next()
            .is_some()
    );
}

#[test]
fn concepts_lead_to_their_queries() {
    let mut window = shown("Concepts");
    let found = structure_of(&window)
        .found
        .get(now(&window))
        .cloned()
        .expect("analysed");
    let confusion = &found.i2t.confusion;
    let pair = &confusion.pairs[0];
    let name = |id: u32| confusion.names[id as usize].clone();
    let text = format!(
        "{} taken for {}: {} mistakes",
        name(pair.lost),
        name(pair.gained),
        pair.count
    );
    click(&mut window, &text);
    let query = pair.examples[0].query as usize;
    let dataset = session(&window).dataset().cloned().expect("open");
    click(&mut window, &format!("{}: ", dataset.images[query].name));
    assert_eq!(
        session(&window).query(),
        Some(&Query::Row(Side::Image, query))
    );
    click(&mut window, "Show in retrieval");
    assert_eq!(session(&window).tab, Retrieval::TAB);
}

#[test]
fn slices_lead_to_the_browser() {
    let mut window = shown("Slices");
    let found = structure_of(&window)
        .found
        .get(now(&window))
        .cloned()
        .expect("analysed");
    let mut slices: Vec<_> = found.i2t.slices.iter().filter(|s| s.count >= 30).collect();
    slices.sort_by(|a, b| b.count.cmp(&a.count).then(a.name.cmp(&b.name)));
    let word = slices
        .iter()
        .find(|s| s.kind == nearmiss::retrieval::structure::SliceKind::Word);
    let word = word.expect("a word").name.clone();
    ask(
        &mut window,
        StructureCommand::ShowPage(StructurePage::Slices),
    );
    click(&mut window, &format!("word {word}: "));
    assert_eq!(session(&window).tab, Retrieval::TAB);
    assert_eq!(session(&window).browser.filter, word);
    assert!(!session(&window).browser.rows.is_empty());
}

#[test]
fn another_dataset_starts_afresh() {
    let mut window = shown("Matrix");
    let demo = Command::OpenWorkspace(Box::new(nearmiss::desktop::core::Workspace::demo()), None);
    perform(&mut window, demo);
    settle(&mut window);
    let view = structure_of(&window);
    assert!(
        view.found.get(now(&window)).is_some()
            && view.matrix.arrangement.get(now(&window)).is_some()
    );
    assert!(
        view.matrix
            .seen
            .iter()
            .all(|&key| view.matrix.tiles.get(key).is_some())
    );
    assert_eq!(errors(&window), Vec::<String>::new());
}
