//! The account of a dataset: what was found, used and left out, by reason and by name.
//!
//! Readers count what they find at their entrance ([`Found`]) and give every [`Problem`] a reason with the images and
//! captions that it costs. [`Dataset::account`] sets one against the other: used and left out are what was found.

mod words;

use super::Dataset;
use serde::{Deserialize, Serialize};

/// Names that an entry of the account lists.
pub const NAMES: usize = 20;

/// Why something is not used, or is used otherwise than it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Of another split than the one in use.
    OtherSplit,
    /// An image without a caption.
    NoCaption,
    /// Its picture is not there.
    NoPicture,
    /// A picture that no row names.
    NoRow,
    /// A caption without a word.
    EmptyCaption,
    /// A row, line or text that is not of its format.
    Malformed,
    /// A file that cannot be read.
    Unreadable,
    /// A second picture or text of one sample.
    SecondOfSample,
    /// A file whose ending says nothing.
    UnknownEnding,
    /// A picture that cannot be decoded.
    NotDecoded,
    /// An embedding with a NaN or an infinite value.
    NotFinite,
    /// A row of a classifier without a label.
    NoLabel,
    /// An embedding of zeros.
    ZeroRow,
    /// An embedding that was brought to unit norm.
    UnitNorm,
    /// What the files do not say was guessed.
    Guessed,
    /// A quote mark that nothing closes.
    OpenQuote,
    /// Bytes that are no UTF-8.
    Encoding,
    /// A name whose letters differ in case from the file's.
    LetterCase,
    /// The same image and caption twice, or one picture under two names.
    Duplicate,
    /// A file or column that is there and not used.
    NotUsed,
    /// What a figure leaves out.
    OutsideFolds,
    /// Of more than were asked for, not drawn.
    NotDrawn,
    /// Anything else.
    #[default]
    Other,
}

/// Images and captions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// Images.
    pub images: u64,
    /// Captions.
    pub captions: u64,
}

/// What was left out for one reason, or used otherwise than it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Why.
    pub reason: Reason,
    /// In words.
    pub what: String,
    /// How many.
    pub count: u64,
    /// Which, the first [`NAMES`].
    pub names: Vec<String>,
}

/// One side of the account: `found` is `used` and the counts of `left_out` together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// What the files hold.
    pub found: u64,
    /// What the figures are of.
    pub used: u64,
    /// The rest.
    pub left_out: Vec<Left>,
}

/// Which split is in use, of which.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Its name; `all` where several are there and all are used.
    pub name: String,
    /// What says so: "the column split of captions.csv", "the folder", "the file name".
    pub by: String,
    /// Each split with its images; its files where others' files were not read.
    pub all: Vec<(String, u64)>,
}

/// What the reader of a dataset found beside what is in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file or folder.
    pub file: String,
    /// Everything there is, counted where it is read.
    pub found: Found,
    /// The split, where there are any.
    pub split: Option<Split>,
    /// Are the captions given by language?
    pub languages: bool,
    /// Left out in bulk: other splits, pictures that no row names.
    pub bulk: Vec<Problem>,
    /// Used, but not as it stands.
    pub notes: Vec<Left>,
    /// As `notes`, of the embeddings in use.
    pub rows: Vec<Left>,
    /// The measure of similarity of the embeddings in use.
    pub measure: Option<String>,
}

impl Origin {
    /// Notes something, one entry for each reason and wording.
    pub fn note(&mut self, reason: Reason, what: &str, name: impl Into<String>) {
        let same = |left: &&mut Left| left.reason == reason && left.what == what;
        match self.notes.iter_mut().find(same) {
            Some(left) => left.add(1, [name.into()]),
            None => self.notes.push(Left {
                reason,
                what: what.to_owned(),
                count: 1,
                names: vec![name.into()],
            }),
        }
    }
}

/// A file, line or member that was listed, and what it costs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// The file, or file and line.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
    /// Why it is not used.
    pub reason: Reason,
    /// What is left out for it; nothing where it is only said.
    pub costs: Found,
    /// Which, where the place is of several.
    pub names: Vec<String>,
}

impl Problem {
    /// One that costs nothing.
    pub fn new(place: impl Into<String>, what: impl Into<String>, reason: Reason) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
            reason,
            ..Self::default()
        }
    }

    /// With what it costs.
    #[must_use]
    pub fn costing(mut self, images: u64, captions: u64) -> Self {
        self.costs = Found { images, captions };
        self
    }

    /// Is anything left out for it?
    pub fn is_loss(&self) -> bool {
        self.costs != Found::default()
    }
}

impl Left {
    fn add(&mut self, count: u64, names: impl IntoIterator<Item = String>) {
        self.count += count;
        let room = NAMES.saturating_sub(self.names.len());
        self.names.extend(names.into_iter().take(room));
    }
}

/// What was found, used and left out. Its keys are a contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The file or folder.
    pub file: String,
    /// The format it was read as.
    pub format: String,
    /// The split in use, where there are any.
    pub split: Option<Split>,
    /// The measure of similarity, where one is taken.
    pub measure: Option<String>,
    /// Images.
    pub images: Tally,
    /// Captions.
    pub captions: Tally,
    /// What is used, but not as it stands; what is there and not used.
    pub notes: Vec<Left>,
}

impl Tally {
    /// So many that were in use are left out, with the names of some.
    pub fn leave_out(&mut self, reason: Reason, what: &str, count: usize, names: Vec<String>) {
        let count = count as u64;
        if count > 0 {
            self.used = self.used.saturating_sub(count);
            join(&mut self.left_out, reason, what, count, names);
        }
    }
}

impl Account {
    /// Of embeddings alone: everything found is used.
    pub fn of_embeddings(file: String, images: usize, captions: usize) -> Self {
        let all = |count: usize| Tally {
            found: count as u64,
            used: count as u64,
            left_out: Vec::new(),
        };
        Self {
            file,
            format: "embeddings".into(),
            images: all(images),
            captions: all(captions),
            ..Self::default()
        }
    }

    /// Adds the account of another part of the same data.
    pub fn add(&mut self, part: Self) {
        for (tally, other) in [
            (&mut self.images, part.images),
            (&mut self.captions, part.captions),
        ] {
            tally.found += other.found;
            tally.used += other.used;
            for left in other.left_out {
                let list = &mut tally.left_out;
                join(list, left.reason, &left.what, left.count, left.names);
            }
        }
        for note in part.notes {
            let list = &mut self.notes;
            join(list, note.reason, &note.what, note.count, note.names);
        }
    }

    /// So many images and captions that were in use are in no figure, for `reason`.
    pub fn leave_out(&mut self, reason: Reason, what: &str, images: usize, captions: usize) {
        self.images.leave_out(reason, what, images, Vec::new());
        self.captions.leave_out(reason, what, captions, Vec::new());
    }
}

impl Dataset {
    /// What was found, used and left out. Each side adds up: a rest that no reason was noted for is named as one.
    pub fn account(&self) -> Account {
        let used = [self.images.len() as u64, self.captions.len() as u64];
        let found = [self.origin.found.images, self.origin.found.captions];
        let [mut images, mut captions] = [0, 1].map(|side| Tally {
            found: found[side],
            used: used[side],
            left_out: Vec::new(),
        });
        let mut notes = self.origin.notes.clone();
        notes.extend_from_slice(&self.origin.rows);
        for problem in self.origin.bulk.iter().chain(&self.problems) {
            let names = || {
                if problem.names.is_empty() {
                    vec![problem.place.clone()]
                } else {
                    problem.names.clone()
                }
            };
            if !problem.is_loss() {
                join(&mut notes, problem.reason, &problem.what, 1, names());
            }
            for (tally, count) in [
                (&mut images, problem.costs.images),
                (&mut captions, problem.costs.captions),
            ] {
                if count > 0 {
                    let list = &mut tally.left_out;
                    join(list, problem.reason, &problem.what, count, names());
                }
            }
        }
        for tally in [&mut images, &mut captions] {
            balance(tally);
        }
        Account {
            file: self.origin.file.clone(),
            format: self.format.clone(),
            split: self.origin.split.clone(),
            measure: self.origin.measure.clone(),
            images,
            captions,
            notes,
        }
    }
}

/// Adds to the entry of the reason; one of several wordings has the reason's own.
fn join(list: &mut Vec<Left>, reason: Reason, what: &str, count: u64, names: Vec<String>) {
    match list.iter_mut().find(|left| left.reason == reason) {
        // Notes for other reasons have nothing in common.
        Some(left) if !matches!(reason, Reason::Other | Reason::NotUsed) || left.what == what => {
            if left.what != what {
                reason.words().clone_into(&mut left.what);
            }
            left.add(count, names);
        }
        _ => {
            let mut left = Left {
                reason,
                what: what.to_owned(),
                count: 0,
                names: Vec::new(),
            };
            left.add(count, names);
            list.push(left);
        }
    }
}

/// What is left for no reason that was noted is said too.
fn balance(tally: &mut Tally) {
    let known = tally.used + tally.left_out.iter().map(|left| left.count).sum::<u64>();
    if tally.found > known {
        tally.left_out.push(Left {
            reason: Reason::Other,
            what: UNEXPLAINED.into(),
            count: tally.found - known,
            names: Vec::new(),
        });
    }
    tally.found = tally.found.max(known);
}

/// What an account says of a rest that no reason was noted for.
pub const UNEXPLAINED: &str = "left out for a reason that was not noted";
