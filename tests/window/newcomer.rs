//! Somebody who sees the program for the first time: by mouse and keys alone, from the start to a picture that breaks the
//! model, and to a file to train on.

use super::paths::{answer, until};
use super::*;
use nearmiss::desktop::attack::Attack;
use nearmiss::desktop::core::{Command, Settings};
use nearmiss::desktop::feature::Feature;

/// A window whose user is counted.
struct Newcomer {
    window: Window,
    actions: usize,
}

impl Newcomer {
    fn click(&mut self, name: &str) {
        self.actions += 1;
        let exact = self.window.query_all_by_label(name).next();
        let named = exact.or_else(|| self.window.query_all_by_label_contains(name).next());
        named.unwrap_or_else(|| panic!("no {name}")).click();
        self.look();
    }

    /// A path for what the window asks for: typing it is one action, Enter another.
    fn path(&mut self, path: &Path) {
        self.actions += 2;
        answer(&mut self.window, path);
        self.look();
    }

    /// Until what was asked for is there, or a path is asked for. Blinking pictures never settle.
    fn look(&mut self) {
        let start = Instant::now();
        for _ in 0..6 {
            self.window.step();
        }
        while self.window.state().is_busy() && session(&self.window).path_question.is_none() {
            self.window.step();
            std::thread::sleep(Duration::from_millis(5));
            assert!(start.elapsed() < Duration::from_mins(2), "still busy");
        }
        self.window.step();
    }
}

#[test]
fn from_the_first_start_to_a_broken_picture_and_a_training_file_in_under_25_actions() {
    let data = tempfile::tempdir().expect("a folder");
    let start = Start {
        open: None,
        data_folder: Some(data.path().to_path_buf()),
    };
    let mut window = boot(start, [1280.0, 720.0]);
    // Paths are typed in the window, as where a system has no dialogs.
    let settings = Settings {
        path_field: true,
        ..session(&window).settings.clone()
    };
    perform(&mut window, Command::SetSettings(Box::new(settings)));
    settle(&mut window);
    let mut user = Newcomer { window, actions: 0 };

    user.click("Make the model wrong");
    assert_eq!(session(&user.window).tab, Attack::TAB);
    let broken = lab_of(&user.window)
        .last(now(&user.window))
        .cloned()
        .expect("attacked");
    assert!(broken.result.after.verdict.fooled);
    user.click("Export…");
    until(&mut user.window, "Export");
    let picture = data.path().join("broken.png");
    user.path(&picture);
    let saved = image::open(&picture).expect("written").into_rgb8();
    assert_eq!(saved.width() as usize, broken.result.grid.width);

    user.click("Negatives");
    user.click("Export…");
    user.click("Triplets to train on…");
    let file = data.path().join("train.jsonl");
    user.path(&file);
    assert_eq!(errors(&user.window), Vec::<String>::new());
    let lines = std::fs::read_to_string(&file).expect("written");
    let triplets: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(!triplets.is_empty());
    let dataset = session(&user.window).dataset().expect("open").clone();
    for triplet in &triplets {
        let text = |key: &str| triplet[key].as_str().map(str::to_owned);
        let (right, wrong) = (text("positive"), text("negative"));
        assert!(
            right.is_some() && wrong.is_some() && right != wrong,
            "{triplet}"
        );
        let known =
            |text: &Option<String>| text.as_ref().is_some_and(|t| dataset.captions.contains(t));
        assert!(known(&right) && known(&wrong), "{triplet}");
    }
    assert!(user.actions < 25, "{} actions", user.actions);
    println!("{} actions", user.actions);
}
