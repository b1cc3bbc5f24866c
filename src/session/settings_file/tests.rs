use super::super::settings::ThemeChoice;
use super::super::workspace::Workspace;
use super::*;
use crate::source::DataSource;

fn workspace(data: &str, sets: &[(&str, &[&str])]) -> Workspace {
    let set = |(name, images): &(&str, &[&str])| {
        let images = images.iter().map(|&i| i.to_owned()).collect();
        ((*name).to_owned(), images)
    };
    Workspace {
        data: Some(DataSource::at(data)),
        sets: sets.iter().map(set).collect(),
        ..Workspace::default()
    }
}

fn opened(folder: &Path) -> (SettingsFile, Settings) {
    let (file, settings) = SettingsFile::open(folder);
    (file, settings.unwrap())
}

fn titles(list: &[Recent]) -> Vec<&str> {
    list.iter().map(|r| r.title.as_str()).collect()
}

#[test]
fn two_windows_keep_what_each_changed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut a, mut of_a) = opened(dir.path());
    let (mut b, mut of_b) = opened(dir.path());
    of_a.theme = ThemeChoice::Light;
    of_a.remember(&workspace("/x", &[("dogs", &["1.png"])]), None);
    of_a.take_saved(&a.save(&of_a).unwrap());
    of_b.batch = 7;
    of_b.remember(&workspace("/y", &[]), None);
    of_b.take_saved(&b.save(&of_b).unwrap());
    let (_, both) = opened(dir.path());
    assert_eq!((both.theme, both.batch), (ThemeChoice::Light, 7));
    assert_eq!(titles(&both.recent), ["y", "x"]);
    // What the other window opened is seen, its theme is not taken over.
    assert_eq!(titles(&of_b.recent), ["y", "x"]);
    assert_eq!(of_b.theme, ThemeChoice::Dark);
    // Nothing changed here: nothing is taken back there.
    a.save(&of_a).unwrap();
    of_b.zoom = 1.5;
    b.save(&of_b).unwrap();
    let (_, both) = opened(dir.path());
    assert_eq!((both.theme, both.batch), (ThemeChoice::Light, 7));
    assert_eq!(titles(&both.recent), ["y", "x"]);
    // Opened once more here: it comes first.
    of_a.remember(&workspace("/x", &[("dogs", &["1.png"])]), None);
    a.save(&of_a).unwrap();
    assert_eq!(titles(&opened(dir.path()).1.recent), ["x", "y"]);
}

#[test]
fn sets_are_merged_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let (mut a, mut of_a) = opened(dir.path());
    let begun: &[(&str, &[&str])] = &[("old", &["1"]), ("same", &["2"]), ("gone", &["3"])];
    of_a.remember(&workspace("/x", begun), None);
    a.save(&of_a).unwrap();
    let (mut b, mut of_b) = opened(dir.path());
    // One window changes, deletes and adds; the other adds.
    let here: &[(&str, &[&str])] = &[("old", &["1", "9"]), ("same", &["2"]), ("a", &["4"])];
    of_a.forget_set(&workspace("/x", begun), "gone".into());
    of_a.remember(&workspace("/x", here), None);
    let there = [begun, &[("b", &["5"])]].concat();
    of_b.remember(&workspace("/x", &there), None);
    let saved = a.save(&of_a).unwrap();
    of_a.take_saved(&saved);
    assert_eq!(of_a.deleted, []);
    b.save(&of_b).unwrap();
    let sets = |settings: &Settings| settings.recent[0].workspace.sets.clone();
    let all: &[(&str, &[&str])] = &[
        ("old", &["1", "9"]),
        ("same", &["2"]),
        ("a", &["4"]),
        ("b", &["5"]),
    ];
    assert_eq!(sets(&opened(dir.path()).1), workspace("/x", all).sets);
    // Another workspace of the same data without these sets deletes none.
    of_a.remember(&workspace("/x", &[]), None);
    a.save(&of_a).unwrap();
    assert_eq!(sets(&opened(dir.path()).1), workspace("/x", all).sets);
    // What was deleted and named anew is there.
    of_a.forget_set(&workspace("/x", all), "b".into());
    of_a.remember(&workspace("/x", &[("b", &["8"])]), None);
    a.save(&of_a).unwrap();
    assert_eq!(sets(&opened(dir.path()).1)["b"], ["8"]);
}

#[test]
fn keys_of_another_version_stay() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.json");
    std::fs::write(&path, r#"{"theme": "light", "later": [1]}"#).unwrap();
    let (mut file, mut settings) = opened(dir.path());
    assert!(file.holds(&settings));
    settings.batch = 3;
    assert!(!file.holds(&settings));
    file.save(&settings).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let keys: Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(keys["later"], serde_json::json!([1]));
    assert_eq!(
        (&keys["theme"], &keys["batch"]),
        (&"light".into(), &3.into())
    );
}

#[test]
fn what_cannot_be_understood_is_kept_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.json");
    let aside = |name: &str| std::fs::read_to_string(dir.path().join(name)).ok();
    std::fs::write(&path, "{\"theme\": ").unwrap();
    let (mut file, settings) = SettingsFile::open(dir.path());
    let error = settings.unwrap_err();
    assert!(error.remedy().contains("settings.unreadable.json"));
    assert_eq!(
        aside("settings.unreadable.json").as_deref(),
        Some("{\"theme\": ")
    );
    // While the window is open, too; the first one stays.
    std::fs::write(&path, "[]").unwrap();
    let saved = file.save(&Settings::default()).unwrap();
    let named = dir.path().join("settings.unreadable-2.json");
    assert_eq!(saved.aside.as_ref(), Some(&named));
    assert_eq!(aside("settings.unreadable-2.json").as_deref(), Some("[]"));
    assert_eq!(
        aside("settings.unreadable.json").as_deref(),
        Some("{\"theme\": ")
    );
    // Nor is what cannot be read at all overwritten.
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(file.save(&Settings::default()).is_err() && path.is_dir());
}

#[test]
fn a_file_that_another_holds_is_waited_for_two_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let (mut file, settings) = opened(dir.path());
    let held = lock_file(&dir.path().join("settings.json"), Duration::ZERO).unwrap();
    let begun = std::time::Instant::now();
    let error = file.save(&settings).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert!(error.to_string().contains("settings.json"), "{error}");
    drop(held);
    assert!(file.save(&settings).is_ok());
}
