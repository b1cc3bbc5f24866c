//! Where decisions about a dataset are kept: beside it, or where that cannot be written, in the data folder.

use crate::dataset::{Dataset, Decisions, Verdict};
use crate::error::{Error, Result, thousands};
use crate::files::{file_name, shown};
use crate::paths::data_dir;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The places of the decisions about one dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionsHome {
    data: PathBuf,
    beside: PathBuf,
    /// In the data folder, by the dataset's path; `None` where there is no such folder.
    elsewhere: Option<PathBuf>,
}

/// Decisions as they are kept now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDecisions {
    /// All of them.
    pub all: Decisions,
    /// The file that holds them, or the last that was written.
    pub place: PathBuf,
    /// Why, where that is not beside the dataset: a sentence for the user.
    pub elsewhere: Option<String>,
}

impl KeptDecisions {
    /// What is to be known of them where they are about the pairs of `dataset`: sentences for the user.
    pub fn notes(&self, dataset: &Dataset) -> Vec<String> {
        let mut notes: Vec<String> = self.elsewhere.iter().cloned().collect();
        let repeated = dataset.row_keys.as_ref().map(|keys| keys.repeated());
        if let Some([images, captions]) = repeated.filter(|[a, b]| a + b > 0) {
            notes.push(format!(
                "{} image rows and {} caption rows are equal to others: equal rows share their decisions",
                thousands(images as u64),
                thousands(captions as u64)
            ));
        }
        let numbered = self.all.numbered(dataset);
        if numbered > 0 {
            notes.push(format!(
                "{} decisions were kept by the numbers of rows, by an older version: they hold for the rows that have these \
                 numbers now",
                thousands(numbered as u64)
            ));
        }
        notes
    }
}

impl DecisionsHome {
    /// Of the dataset at `data`, a file or a folder.
    pub fn of(data: &Path) -> Self {
        let whole = data.canonicalize();
        let whole = whole.or_else(|_| std::path::absolute(data));
        let whole = whole.unwrap_or_else(|_| data.to_path_buf());
        let hash = blake3::hash(whole.as_os_str().as_encoded_bytes()).to_hex();
        // Its name too, for who looks into the folder.
        let name = file_name(&whole);
        let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
        let name: String = name.chars().take(40).map(plain).collect();
        let name = format!("{name}-{}.json", &hash[..16]);
        Self {
            data: data.to_path_buf(),
            beside: Decisions::place(data),
            elsewhere: data_dir()
                .ok()
                .map(|folder| folder.join("decisions").join(name)),
        }
    }

    /// The file beside the dataset.
    pub fn beside(&self) -> &Path {
        &self.beside
    }

    /// Reads what is kept, in both places.
    ///
    /// # Errors
    /// A file is there that cannot be read, or is no file of decisions.
    pub fn read(&self) -> Result<KeptDecisions> {
        let mut all = Decisions::open(&self.beside)?;
        let mut kept = KeptDecisions {
            all: Decisions::default(),
            place: self.beside.clone(),
            elsewhere: None,
        };
        if let Some(place) = &self.elsewhere {
            let there = Decisions::open(place)?;
            if !there.is_untouched() {
                all.join(&there);
                kept.place.clone_from(place);
                kept.elsewhere = Some(self.told(place));
            }
        }
        kept.all = all;
        Ok(kept)
    }

    /// The pairs of `dataset`, whose place this is, that were confirmed as right: an image and a caption that is not its own.
    ///
    /// # Errors
    /// As [`DecisionsHome::read`].
    pub fn confirmed(&self, dataset: &Dataset) -> Result<Vec<(u32, u32)>> {
        let kept = self.read()?;
        Ok(kept.all.rows(dataset, Verdict::Right).into_iter().collect())
    }

    /// Puts `changes` into the file beside the dataset, with what is kept elsewhere; or, where it cannot be written,
    /// into the one in the data folder.
    ///
    /// # Errors
    /// Another program writes the file for more than two seconds; it is no file of decisions; neither can be written.
    pub fn save(&self, changes: &Decisions) -> Result<KeptDecisions> {
        let Some(place) = &self.elsewhere else {
            return Ok(KeptDecisions {
                all: changes.save_into(&self.beside)?,
                place: self.beside.clone(),
                elsewhere: None,
            });
        };
        let mut all = Decisions::open(place)?;
        all.join(changes);
        match all.save_into(&self.beside) {
            Ok(all) => Ok(KeptDecisions {
                all,
                place: self.beside.clone(),
                elsewhere: None,
            }),
            Err(Error::Io { source, .. }) if source.kind() != ErrorKind::ResourceBusy => {
                let mut all = changes.save_into(place)?;
                if let Ok(beside) = Decisions::open(&self.beside) {
                    all.join(&beside);
                }
                Ok(KeptDecisions {
                    all,
                    place: place.clone(),
                    elsewhere: Some(format!("{} ({source})", self.told(place))),
                })
            }
            Err(error) => Err(error),
        }
    }

    fn told(&self, place: &Path) -> String {
        format!(
            "The decisions about {} are kept in {}: its own folder could not be written",
            shown(&self.data),
            shown(place)
        )
    }
}
