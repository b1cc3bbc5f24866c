//! The real window, driven by role and label: open, query, type, filter, sort, drop.

use drive::{
    augment_of, compare_of, lab_of, learning_of, linear_of, map_of, negatives_of, perform,
    perform_of, says, strata_of, structure_of,
};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use nearmiss::desktop::core::{Identities, Level, Query, Session, ThemeChoice};
use nearmiss::desktop::{App, Start};
use nearmiss::retrieval::Side;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

mod another;
mod attack;
mod augment;
mod bad_input;
mod bars;
mod bins;
mod compare;
mod drive;
mod forget;
mod frames;
mod help;
mod images_alone;
mod large;
mod learning;
mod linear;
mod log;
mod look;
mod map;
mod models;
mod negatives;
mod newcomer;
mod paths;
mod problems;
mod results;
mod run;
mod shared;
mod sight;
mod stale;
mod story;
mod strata;
mod structure;
mod structure_named;
mod taken;
mod undo;

type Window = Harness<'static, App>;

fn boot(start: Start, size: [f32; 2]) -> Window {
    let mut window = Harness::builder()
        .with_size(size)
        .with_max_steps(64)
        .build_eframe(move |cc| App::new(&cc.egui_ctx, &start));
    settle(&mut window);
    window
}

fn open(path: &Path) -> Window {
    boot(
        Start {
            open: Some(path.to_path_buf()),
            data_folder: None,
        },
        [1440.0, 900.0],
    )
}

fn demo() -> Window {
    boot(Start::default(), [1440.0, 900.0])
}

/// Lets the jobs finish and their results be drawn.
fn settle(window: &mut Window) {
    let start = Instant::now();
    let mut quiet = 0;
    while quiet < 4 {
        window.step();
        quiet = if window.state().is_busy() {
            0
        } else {
            quiet + 1
        };
        std::thread::sleep(Duration::from_millis(8));
        assert!(
            start.elapsed() < Duration::from_mins(2),
            "still busy after two minutes"
        );
    }
}

fn session(window: &Window) -> &Session {
    window.state().session()
}

/// What is open now.
fn now(window: &Window) -> &Identities {
    session(window).now()
}

fn errors(window: &Window) -> Vec<String> {
    let log = &session(window).log;
    log.iter()
        .filter(|e| e.level == Level::Error)
        .map(|e| format!("{} {}", e.text, e.remedy))
        .collect()
}

/// The clickable thing whose name holds `text`.
fn click(window: &mut Window, text: &str) {
    window
        .get_all_by_label_contains(text)
        .next()
        .expect("there")
        .click();
    settle(window);
}

#[test]
fn the_first_start_shows_the_demo_ranked() {
    let window = demo();
    assert_eq!(errors(&window), Vec::<String>::new());
    let session = session(&window);
    let report = &session.evaluation().expect("ranked").report;
    assert_eq!((report.images, report.captions), (300, 900));
    let answer = session.answer().expect("the first image is the query");
    assert_eq!(answer.query, Query::Row(Side::Image, 0));
    assert_eq!((answer.positives.clone(), answer.candidates), (0..3, 900));
    // What is drawn is what was computed.
    let rank = session.direction(Side::Image).expect("ranked").ranks[0];
    assert_eq!(answer.rank, Some(rank));
    assert!(
        window
            .query_all_by_label_contains(&format!("Image scenes/000.png, rank {rank}"))
            .next()
            .is_some()
    );
    assert!(
        window
            .query_all_by_label_contains("hardest negative")
            .next()
            .is_some()
    );
    let r1 = format!("I→T R@1 {:.1}", report.i2t.r1);
    assert!(
        window.query_all_by_label_contains(&r1).next().is_some(),
        "{r1} is in the summary"
    );
}

#[test]
fn a_result_becomes_the_query_and_back() {
    let mut window = demo();
    let hit = session(&window).answer().expect("answered").hits[0];
    click(&mut window, "1. caption");
    assert_eq!(
        session(&window).query(),
        Some(&Query::Row(Side::Text, hit.index as usize))
    );
    let answer = session(&window).answer().cloned().expect("answered");
    assert_eq!((answer.candidates, answer.query.side()), (300, Side::Text));
    assert_eq!(
        answer.positives.len(),
        1,
        "one image is right for a caption"
    );
    click(&mut window, "Back");
    assert_eq!(session(&window).query(), Some(&Query::Row(Side::Image, 0)));
    assert_eq!(session(&window).side, Side::Image);
}

#[test]
fn typed_text_ranks_the_images() {
    let mut window = demo();
    let text = session(&window).dataset().expect("open").captions[12].clone();
    let field = window.get_by(|node| {
        node.placeholder()
            .is_some_and(|p| p.starts_with("Type a caption"))
    });
    field.focus();
    field.type_text(&text);
    window.step();
    window.key_press(egui::Key::Enter);
    settle(&mut window);
    let typed = session(&window).answer().cloned().expect("answered");
    assert_eq!(typed.query, Query::Text(text));
    assert_eq!((typed.rank, typed.candidates), (None, 300));
    // The same words as caption 12: the same ranking.
    click(&mut window, "Captions");
    for _ in 0..12 {
        window.key_press(egui::Key::ArrowDown);
        window.step();
    }
    settle(&mut window);
    let row = session(&window).answer().cloned().expect("answered");
    assert_eq!(row.query, Query::Row(Side::Text, 12));
    let order =
        |hits: &[nearmiss::compute::Hit]| hits.iter().take(5).map(|h| h.index).collect::<Vec<_>>();
    assert_eq!(order(&typed.hits), order(&row.hits));
}

#[test]
fn the_browser_filters_and_sorts() {
    let mut window = demo();
    let field = window.get_by(|node| node.placeholder() == Some("Filter images…"));
    field.focus();
    field.type_text("purple heart");
    settle(&mut window);
    let dataset = session(&window).dataset().cloned().expect("open");
    let rows = session(&window).browser.rows.clone();
    assert!(!rows.is_empty() && rows.len() < 300);
    for row in rows {
        let captions = dataset.captions[dataset.captions_of(row as usize)]
            .join(" ")
            .to_lowercase();
        assert!(
            captions.contains("purple") && captions.contains("heart"),
            "{captions}"
        );
    }
    click(&mut window, "dataset order");
    click(&mut window, "smallest margin first");
    let session = session(&window);
    let direction = session.direction(Side::Image).expect("ranked");
    let margins: Vec<f32> = session
        .browser
        .rows
        .iter()
        .map(|&i| direction.positive[i as usize] - direction.hardest[i as usize].score)
        .collect();
    assert!(margins.windows(2).all(|w| w[0] <= w[1]), "{margins:?}");
}

#[test]
fn the_palette_finds_commands_and_captions() {
    let mut window = demo();
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    window.step();
    window.step();
    let field = window.get_by(|node| {
        node.placeholder()
            .is_some_and(|p| p.starts_with("Type a command"))
    });
    field.type_text("theme light");
    window.step();
    window.key_press(egui::Key::Enter);
    settle(&mut window);
    assert_eq!(session(&window).settings.theme, ThemeChoice::Light);
    assert!(
        window
            .query_by(|node| node
                .placeholder()
                .is_some_and(|p| p.starts_with("Type a command")))
            .is_none()
    );
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

fn drop_file(window: &mut Window, path: PathBuf) {
    window
        .input_mut()
        .dropped_files
        .push(std::sync::Arc::new(Dropped(path)));
    settle(window);
}

#[test]
fn a_dropped_picture_ranks_the_captions() {
    let mut window = demo();
    let folder = nearmiss::paths::data_dir().expect("a data folder");
    let demo = nearmiss::dataset::demo::unpack(&folder).expect("the demo");
    drop_file(&mut window, demo.join("scenes/004.png"));
    assert_eq!(errors(&window), Vec::<String>::new());
    let answer = session(&window).answer().cloned().expect("answered");
    assert!(matches!(&answer.query, Query::Picture { name, .. } if name == "004.png"));
    assert_eq!((answer.candidates, answer.rank), (900, None));
    // The same picture as image 4 of the dataset: the same ranking.
    for _ in 0..=4 {
        window.key_press(egui::Key::ArrowRight);
        window.step();
    }
    settle(&mut window);
    let row = session(&window).answer().cloned().expect("answered");
    assert_eq!(row.query, Query::Row(Side::Image, 4));
    for (a, b) in answer.hits.iter().zip(&row.hits).take(5) {
        assert_eq!(a.index, b.index);
        assert!((a.score - b.score).abs() < 1e-5);
    }
}

#[test]
fn a_dropped_folder_is_opened_for_what_it_is() {
    let root = tempfile::tempdir().expect("a folder");
    let mut window = demo();
    png(root.path(), "one.png");
    png(root.path(), "two.png");
    write(root.path(), "one.txt", b"The first picture");
    write(
        root.path(),
        "two.txt",
        b"The second picture\nAgain the second",
    );
    drop_file(&mut window, root.path().to_path_buf());
    assert_eq!(errors(&window), Vec::<String>::new());
    let report = &session(&window).evaluation().expect("ranked").report;
    assert_eq!((report.images, report.captions), (2, 3));
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
    std::fs::write(&path, bytes).expect("written");
    path
}

fn png(folder: &Path, name: &str) {
    let path = folder.join(name);
    image::RgbImage::from_fn(20, 20, |x, y| image::Rgb([x as u8 * 9, y as u8 * 9, 90]))
        .save(path)
        .expect("saved");
}

/// Little-endian float32 values as a `.npy` file of shape `[rows, dim]`.
fn npy(folder: &Path, name: &str, dim: usize, values: &[f32]) -> PathBuf {
    let rows = values.len() / dim;
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {dim}), }}");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{header:<117}\n").bytes());
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    write(folder, name, &bytes)
}

fn embeddings(folder: &Path, images: PathBuf, texts: PathBuf) -> PathBuf {
    let workspace = nearmiss::desktop::core::Workspace {
        data: Some(nearmiss::desktop::core::DataSource::Embeddings { images, texts }),
        ..nearmiss::desktop::core::Workspace::default()
    };
    let file = folder.join("workspace.json");
    workspace.save(&file).expect("saved");
    file
}

#[test]
fn embeddings_alone_open_without_an_encoder() {
    let root = tempfile::tempdir().expect("a folder");
    let mut rng = fastrand::Rng::with_seed(5);
    let mut random = |rows: usize| -> Vec<f32> { (0..rows * 8).map(|_| rng.f32() - 0.5).collect() };
    let images = npy(root.path(), "i.npy", 8, &random(10));
    let texts = npy(root.path(), "t.npy", 8, &random(50));
    let file = embeddings(root.path(), images, texts);
    let window = open(&file);
    assert_eq!(errors(&window), Vec::<String>::new());
    let report = &session(&window).evaluation().expect("ranked").report;
    assert_eq!((report.images, report.captions), (10, 50));
    assert!(
        window
            .query_all_by_label_contains("caption 1 of image")
            .next()
            .is_some()
    );
}

#[test]
fn settings_and_the_last_workspace_come_back() {
    let root = tempfile::tempdir().expect("a folder");
    let start = || Start {
        open: None,
        data_folder: Some(root.path().to_path_buf()),
    };
    let mut window = boot(start(), [1440.0, 900.0]);
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::T);
    settle(&mut window);
    std::thread::sleep(Duration::from_millis(300));
    drop(window);
    let window = boot(start(), [1440.0, 900.0]);
    assert_eq!(session(&window).settings.theme, ThemeChoice::Light);
    assert_eq!(session(&window).settings.recent.len(), 1);
    assert!(
        session(&window).evaluation().is_some(),
        "the last workspace is open again"
    );
}
