//! The settings file, which several windows share: what one of them changed is put into what the file holds now.

mod merge;

use super::settings::{DeletedSet, Recent, Settings};
use crate::error::{Error, Result};
use crate::files::{LOCK_WAIT, TEXT, lock_file, read_all, write_json};
use merge::{merged_recent, with_others};
use serde_json::{Map, Value};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The settings file, and what this window last read of it or wrote to it.
#[derive(Debug)]
pub struct SettingsFile {
    path: PathBuf,
    base: Settings,
}

/// What a save did.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedSettings {
    /// The recent list as the file has it now, with the entries of other windows.
    pub recent: Vec<Recent>,
    /// Sets whose deletion was saved.
    pub deleted: Vec<DeletedSet>,
    /// Where a file that could not be read was put.
    pub aside: Option<PathBuf>,
}

/// What a file holds: all its keys, and those that are known.
struct Content {
    keys: Map<String, Value>,
    settings: Settings,
}

impl SettingsFile {
    /// The settings in `folder`; the defaults where there are none yet. A file that cannot be understood is put aside
    /// and never overwritten.
    pub fn open(folder: &Path) -> (Self, Result<Settings>) {
        let path = folder.join("settings.json");
        let settings = match read(&path) {
            Ok(content) => Ok(content.map(|c| c.settings).unwrap_or_default()),
            Err(error @ Error::Io { .. }) => Err(error),
            // Where another holds the lock, saving puts it aside.
            Err(error) => Err(match set_aside(&path, Duration::ZERO) {
                Ok(Some(aside)) => kept_as(&path, &error, &aside),
                _ => error,
            }),
        };
        let base = settings.as_ref().map(Clone::clone).unwrap_or_default();
        (Self { path, base }, settings)
    }

    /// Does the file hold what `now` says, as far as this window knows?
    pub fn holds(&self, now: &Settings) -> bool {
        self.base == *now
    }

    /// Puts what changed in `now` since this was last read or saved into what the file holds now: keys one by one,
    /// recents by when they were open last, sets by name. What other windows wrote stays.
    ///
    /// # Errors
    /// Another window holds the file's lock for two seconds; the file cannot be read, put aside or written. It is as
    /// before then, and what changed is saved with the next save.
    pub fn save(&mut self, now: &Settings) -> Result<SavedSettings> {
        let _lock = lock_file(&self.path, LOCK_WAIT)?;
        let mut aside = None;
        let content = match read(&self.path) {
            Ok(content) => content,
            Err(error @ Error::Io { .. }) => return Err(error),
            Err(_) => {
                aside = Some(move_aside(&self.path)?);
                None
            }
        };
        let (keys, recent) = self.merged(now, content)?;
        write_json(&self.path, &Value::Object(keys))?;
        self.base = Settings {
            recent: with_others(&now.recent, &recent),
            deleted: Vec::new(),
            ..now.clone()
        };
        Ok(SavedSettings {
            recent,
            deleted: now.deleted.clone(),
            aside,
        })
    }

    fn merged(
        &self,
        now: &Settings,
        content: Option<Content>,
    ) -> Result<(Map<String, Value>, Vec<Recent>)> {
        let recent = match &content {
            None => now.recent.clone(),
            Some(file) => merged_recent(&self.base, now, &file.settings.recent),
        };
        let mut mine = object(now)?;
        mine.insert("recent".into(), value(&recent)?);
        let Some(Content { mut keys, .. }) = content else {
            return Ok((mine, recent));
        };
        let base = object(&self.base)?;
        for (key, value) in mine {
            let same = key != "recent" && base.get(&key) == Some(&value);
            if !same || !keys.contains_key(&key) {
                keys.insert(key, value);
            }
        }
        Ok((keys, recent))
    }
}

impl Settings {
    /// Takes up what a save found in the file that this window does not have.
    pub fn take_saved(&mut self, saved: &SavedSettings) {
        self.recent = with_others(&self.recent, &saved.recent);
        self.deleted.retain(|set| !saved.deleted.contains(set));
    }
}

/// What the file at `path` holds; `None` where there is none.
fn read(path: &Path) -> Result<Option<Content>> {
    let text = match read_all(path, TEXT) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io("read", path)(e)),
    };
    let content = || {
        let keys = serde_json::from_slice(&text)?;
        let settings = serde_json::from_slice(&text)?;
        Ok(Content { keys, settings })
    };
    content().map(Some).map_err(|e: serde_json::Error| {
        Error::dataset(
            path,
            format!("is not a settings file of nearmiss: {e}"),
            "Move it away; the defaults are used until then.",
        )
    })
}

/// Puts the file at `path` aside, unless it can be understood by now.
fn set_aside(path: &Path, wait: Duration) -> Result<Option<PathBuf>> {
    let _lock = lock_file(path, wait)?;
    match read(path) {
        Err(Error::Dataset { .. }) => move_aside(path).map(Some),
        _ => Ok(None),
    }
}

/// Renames the file at `path` to a name beside it that is free.
fn move_aside(path: &Path) -> Result<PathBuf> {
    let name = |n: u32| match n {
        1 => "settings.unreadable.json".into(),
        n => format!("settings.unreadable-{n}.json"),
    };
    let mut free = (1..1000).map(|n| path.with_file_name(name(n)));
    let aside = free
        .find(|place| place.symlink_metadata().is_err())
        .unwrap_or_else(|| path.with_file_name(name(1000)));
    std::fs::rename(path, &aside).map_err(Error::io("put aside", path))?;
    Ok(aside)
}

fn kept_as(path: &Path, error: &Error, aside: &Path) -> Error {
    Error::Dataset {
        path: path.to_path_buf(),
        what: match error {
            Error::Dataset { what, .. } => what.clone(),
            other => other.to_string(),
        },
        remedy: format!(
            "It is kept as {}; the settings begin anew.",
            aside.display()
        ),
    }
}

fn value(of: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(of)
        .map_err(|e| Error::request(format!("the settings cannot be written: {e}"), ""))
}

fn object(settings: &Settings) -> Result<Map<String, Value>> {
    match value(settings)? {
        Value::Object(keys) => Ok(keys),
        _ => Ok(Map::new()),
    }
}

#[cfg(test)]
mod tests {
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
}
