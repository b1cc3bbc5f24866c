//! The file of decisions, which several windows and people write.

use super::{Decision, Decisions, Verdict};
use crate::error::{Error, Result};
use crate::files::{LOCK_WAIT, TEXT, lock_file, read_text, write_json};
use serde::{Deserialize, Serialize};
use std::path::Path;

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    decisions: Vec<Line>,
    /// Decisions that were taken back, so that older ones that are saved later do not come again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    taken_back: Vec<TakenBack>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    image: String,
    caption: String,
    verdict: Verdict,
    /// When it was decided, in milliseconds since 1970; 0 where an older version wrote it.
    #[serde(default, skip_serializing_if = "is_zero")]
    at: u64,
}

#[derive(Serialize, Deserialize)]
struct TakenBack {
    image: String,
    caption: String,
    at: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(at: &u64) -> bool {
    *at == 0
}

impl Decisions {
    /// Reads the file; none is no decision.
    ///
    /// # Errors
    /// It cannot be read, or is no such file.
    pub fn open(path: &Path) -> Result<Self> {
        let text = match read_text(path, TEXT) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(Error::io("read", path)(e)),
        };
        let broken = |what: String| {
            Error::dataset(
                path,
                what,
                "Mend it or move it away: it is not overwritten while it cannot be read.",
            )
        };
        let file: File = serde_json::from_str(&text)
            .map_err(|e| broken(format!("is no file of decisions: {e}")))?;
        if file.version != 1 {
            return Err(broken(format!("has the unknown version {}", file.version)));
        }
        let back = file.taken_back.into_iter().map(|line| {
            let (verdict, at) = (None, line.at);
            ((line.image, line.caption), Decision { verdict, at })
        });
        let made = file.decisions.into_iter().map(|line| {
            let (verdict, at) = (Some(line.verdict), line.at);
            ((line.image, line.caption), Decision { verdict, at })
        });
        Ok(Self {
            pairs: back.chain(made).collect(),
        })
    }

    /// Puts these decisions into the file: it is locked, read again, and written whole. Of two decisions about a pair the
    /// later one stays. Returns what the file holds then.
    ///
    /// # Errors
    /// Another holds the file's lock for two seconds; the file cannot be read or is no such file; it cannot be written.
    /// It is as before then.
    pub fn save_into(&self, path: &Path) -> Result<Self> {
        let _lock = lock_file(path, LOCK_WAIT)?;
        let mut all = Self::open(path)?;
        all.join(self);
        all.write(path)?;
        Ok(all)
    }

    fn write(&self, path: &Path) -> Result<()> {
        let mut file = File {
            version: 1,
            decisions: Vec::new(),
            taken_back: Vec::new(),
        };
        for ((image, caption), &Decision { verdict, at }) in &self.pairs {
            let (image, caption) = (image.clone(), caption.clone());
            match verdict {
                Some(verdict) => file.decisions.push(Line {
                    image,
                    caption,
                    verdict,
                    at,
                }),
                None => file.taken_back.push(TakenBack { image, caption, at }),
            }
        }
        write_json(path, &file)
    }
}

#[cfg(test)]
mod tests {
    use super::super::FILE;
    use super::*;

    #[test]
    fn two_writers_keep_what_each_decided() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Decisions::place(folder.path());
        let (mut a, mut b) = (Decisions::default(), Decisions::default());
        a.set("1.png", "a dog", Some(Verdict::Right));
        a.set("1.png", "a cat", Some(Verdict::Wrong));
        let base = a.save_into(&path).expect("saved");
        b.set("2.png", "a dog", Some(Verdict::Right));
        let all = b.save_into(&path).expect("saved");
        assert_eq!((all.len(), base.len()), (3, 2));
        // The other takes one back, this one decides about another pair: both hold.
        let mut other = all.clone();
        other.set("1.png", "a cat", None);
        other.changes(&all).save_into(&path).expect("saved");
        let mut own = base.clone();
        own.set("1.png", "a bird", Some(Verdict::Wrong));
        let changes = own.changes(&base);
        assert_eq!(changes.len(), 1);
        let all = changes.save_into(&path).expect("saved");
        assert_eq!(all.get("1.png", "a cat"), None);
        assert_eq!(all.len(), 3);
        assert_eq!(all, Decisions::open(&path).expect("opened"));
    }

    #[test]
    fn the_later_decision_wins_whoever_saves_last() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Decisions::place(folder.path());
        let decided = |verdict, at| Decisions {
            pairs: [(("1.png".into(), "x".into()), Decision { verdict, at })].into(),
        };
        decided(Some(Verdict::Right), 20)
            .save_into(&path)
            .expect("saved");
        let verdict = |path: &Path| Decisions::open(path).expect("opened").get("1.png", "x");
        decided(Some(Verdict::Wrong), 10)
            .save_into(&path)
            .expect("saved");
        assert_eq!(verdict(&path), Some(Verdict::Right));
        decided(None, 30).save_into(&path).expect("saved");
        decided(Some(Verdict::Wrong), 25)
            .save_into(&path)
            .expect("saved");
        assert_eq!(verdict(&path), None);
        decided(Some(Verdict::Wrong), 40)
            .save_into(&path)
            .expect("saved");
        assert_eq!(verdict(&path), Some(Verdict::Wrong));
    }

    #[test]
    fn files_of_older_versions_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Decisions::place(folder.path());
        let text =
            r#"{"version": 1, "decisions": [{"image": "a", "caption": "x", "verdict": "right"}]}"#;
        std::fs::write(&path, text).expect("written");
        let mut old = Decisions::open(&path).expect("opened");
        assert_eq!(old.get("a", "x"), Some(Verdict::Right));
        // What is decided now is later than that.
        old.set("a", "x", Some(Verdict::Wrong));
        let all = old.save_into(&path).expect("saved");
        assert_eq!(all.get("a", "x"), Some(Verdict::Wrong));
    }

    #[test]
    fn another_file_is_refused_and_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE);
        let mut mine = Decisions::default();
        mine.set("a", "x", Some(Verdict::Right));
        for text in ["{}", "[1]", r#"{"version": 7, "decisions": []}"#] {
            std::fs::write(&path, text).expect("written");
            for error in [Decisions::open(&path), mine.save_into(&path)] {
                let error = error.expect_err("refused");
                assert!(error.to_string().contains(FILE), "{error}");
            }
            assert_eq!(std::fs::read_to_string(&path).expect("there"), text);
        }
    }
}
