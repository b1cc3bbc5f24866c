//! Another dataset, another encoder: what belonged to the one before is gone.

use super::negatives::{ask, workbench};
use super::*;
use nearmiss::dataset::Verdict;
use nearmiss::desktop::compare::{Command as CompareCommand, Compare};
use nearmiss::desktop::core::{Command, Deeds, EncoderSource};
use nearmiss::desktop::negatives::Command as NegativesCommand;

/// A workspace of ten images with fifty captions, as embeddings alone.
fn ten(folder: &Path) -> PathBuf {
    let mut rng = fastrand::Rng::with_seed(5);
    let mut random = |rows: usize| -> Vec<f32> { (0..rows * 8).map(|_| rng.f32() - 0.5).collect() };
    let images = npy(folder, "i.npy", 8, &random(10));
    let texts = npy(folder, "t.npy", 8, &random(50));
    embeddings(folder, images, texts)
}

#[test]
fn rows_of_a_larger_dataset_are_not_looked_up_in_a_smaller_one() {
    let mut window = demo();
    click(&mut window, "Structure");
    click(&mut window, "Hubs");
    click(&mut window, "T→I");
    for row in [Query::Row(Side::Image, 250), Query::Row(Side::Text, 800)] {
        perform(&mut window, Command::Query(row.clone()));
        settle(&mut window);
        assert_eq!(session(&window).query(), Some(&row));
    }
    let folder = tempfile::tempdir().unwrap();
    perform(&mut window, Command::OpenPath(ten(folder.path())));
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let rows = session(&window).dataset().map(|d| d.images.len());
    assert_eq!(rows, Some(10));
    for tab in ["Hubs", "Concepts", "Margins", "Matrix"] {
        click(&mut window, tab);
    }
    // Nothing of the history is of this dataset.
    let before = session(&window).query().cloned();
    perform(&mut window, Command::Undo(Deeds::Queries));
    settle(&mut window);
    assert_eq!(session(&window).query().cloned(), before);
    // A row that is not there is not taken.
    perform(&mut window, Command::Query(Query::Row(Side::Image, 250)));
    settle(&mut window);
    assert_eq!(session(&window).query().cloned(), before);
}

#[test]
fn what_was_being_embedded_does_not_replace_what_was_opened_since() {
    let mut window = demo();
    let folder = tempfile::tempdir().unwrap();
    let file = ten(folder.path());
    let small = nearmiss::desktop::core::Workspace::open(&file).unwrap();
    // The demo's pictures again, by an encoder that is opened anew; before they are embedded other data is opened.
    perform(&mut window, Command::OpenEncoder(EncoderSource::Demo));
    let start = Instant::now();
    while session(&window).embedded().is_some() {
        window.step();
        assert!(start.elapsed() < Duration::from_mins(1), "not opened");
    }
    perform(
        &mut window,
        Command::OpenWorkspace(Box::new(small), Some(file)),
    );
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let session = session(&window);
    let rows = session
        .dataset()
        .map(|d| (d.images.len(), d.captions.len()));
    assert_eq!(rows, Some((10, 50)));
    let embedded = session.embedded().expect("they came with the data");
    assert_eq!((embedded.images.rows(), embedded.texts.rows()), (10, 50));
    let report = &session.evaluation().expect("ranked").report;
    assert_eq!((report.images, report.captions), (10, 50));
}

#[test]
fn a_key_that_is_held_decides_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = workbench(folder.path());
    ask(&mut window, NegativesCommand::Select(0));
    for repeat in [false, true, true, true] {
        window.event(egui::Event::Key {
            key: egui::Key::F,
            physical_key: None,
            pressed: true,
            repeat,
            modifiers: egui::Modifiers::NONE,
        });
        settle(&mut window);
    }
    let all = &negatives_of(&window).decided.all;
    assert_eq!((all.len(), all.count(Verdict::Right)), (1, 1));
}

#[test]
fn what_would_be_asked_of_a_second_encoder_is_a_message() {
    let mut window = demo();
    let folder = tempfile::tempdir().unwrap();
    let encoder = nearmiss::dataset::demo::unpack(folder.path())
        .unwrap()
        .join("encoder");
    std::fs::remove_file(encoder.join("preprocessor_config.json")).unwrap();
    let open = CompareCommand::Open(EncoderSource::Folder(encoder));
    perform_of::<Compare>(&mut window, open);
    settle(&mut window);
    assert!(session(&window).question.is_none(), "no dialog is open");
    let said = errors(&window);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("Open it as the encoder and answer there"),
        "{said:?}"
    );
    // Plain keys still work.
    click(&mut window, "Retrieval");
    window.key_press(egui::Key::D);
    settle(&mut window);
    assert_eq!(session(&window).side, Side::Text);
}

#[test]
fn another_split_of_the_same_file_is_opened_from_its_account() {
    let folder = tempfile::tempdir().unwrap();
    let data = nearmiss::dataset::demo::unpack(folder.path()).unwrap();
    let rows = [
        ("000", "train"),
        ("001", "train"),
        ("002", "val"),
        ("003", "test"),
    ];
    let lines = rows.map(|(name, split)| format!("scenes/{name}.png,scene {name},{split}\n"));
    let table = format!("image,caption,split\n{}", lines.concat());
    let file = data.join("split.csv");
    std::fs::write(&file, table).unwrap();
    let mut window = open(&file);
    assert_eq!(errors(&window), Vec::<String>::new());
    let names = |window: &Window| -> Vec<String> {
        let dataset = session(window).dataset().expect("open");
        dataset.images.iter().map(|i| i.name.clone()).collect()
    };
    assert_eq!(names(&window), ["scenes/003.png"]);
    click(&mut window, "Problems");
    super::attack::choose(&mut window, "Split", "train (2)");
    settle(&mut window);
    assert_eq!(names(&window), ["scenes/000.png", "scenes/001.png"]);
    click(&mut window, "Problems");
    super::attack::choose(&mut window, "Split", "all");
    settle(&mut window);
    assert_eq!(names(&window).len(), 4);
}

#[test]
fn rows_of_the_list_before_are_not_shown_while_a_large_set_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = fastrand::Rng::with_seed(5);
    let mut random = |rows: usize| -> Vec<f32> { (0..rows * 4).map(|_| rng.f32() - 0.5).collect() };
    let images = npy(folder.path(), "i.npy", 4, &random(100));
    let texts = npy(folder.path(), "t.npy", 4, &random(25_000));
    let mut window = open(&embeddings(folder.path(), images, texts));
    assert_eq!(errors(&window), Vec::<String>::new());
    assert!(
        session(&window).query().is_some(),
        "the first row is the query"
    );
    perform(&mut window, Command::SetSide(Side::Text));
    settle(&mut window);
    assert_eq!(session(&window).browser.rows.len(), 25_000);
    perform(&mut window, Command::Filter("of image 42".into()));
    let browser = &session(&window).browser;
    assert!(browser.is_listing && browser.rows.is_empty());
    settle(&mut window);
    let captions = &session(&window).dataset().expect("open").captions;
    let held = (0..25_000_u32).filter(|&j| {
        let caption = &captions[j as usize];
        ["of", "image", "42"]
            .iter()
            .all(|word| caption.contains(word))
    });
    let browser = &session(&window).browser;
    assert!(!browser.is_listing && !browser.rows.is_empty());
    assert_eq!(browser.rows, held.collect::<Vec<_>>());
}
