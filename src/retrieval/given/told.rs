//! What is known of given embeddings, in the account of their data.

use super::super::Side;
use super::{Note, Notes};
use crate::compute::{Embedded, Measure};
use crate::dataset::{Account, Left, NAMES, Origin, Reason, Tally};

/// What an account says of a row of zeros that was left out.
pub(super) const ZERO: &str = "has an embedding of zeros, which has no cosine with any other";

/// What an account says of an image whose captions were all left out.
pub(super) const BARE: &str = "has no caption left: the embeddings of all are zeros";

impl Note {
    /// As a note of an account; `None` for what was left out, which is counted there.
    fn told(&self) -> Option<Left> {
        let (reason, count, names) = match self {
            Self::Joined { rows, .. } | Self::Repeated { rows, .. } => {
                (Reason::Duplicate, *rows, &[][..])
            }
            Self::NearlyEqual { each } => (Reason::Duplicate, *each, &[][..]),
            Self::Divided { captions, .. } => (Reason::Guessed, *captions, &[][..]),
            Self::UnitNorm { rows, .. } => (Reason::UnitNorm, *rows, &[][..]),
            Self::Zeros { names, .. } => (Reason::ZeroRow, names.len(), names.as_slice()),
            Self::LeftOut { .. } | Self::Bare { .. } | Self::Followed { .. } => return None,
        };
        Some(Left {
            reason,
            what: self.sentence(),
            count: count as u64,
            names: names.iter().take(NAMES).cloned().collect(),
        })
    }
}

impl Notes {
    fn told(&self) -> Vec<Left> {
        self.all().iter().filter_map(Note::told).collect()
    }

    /// Says in the `origin` of a dataset what is known of its embeddings, instead of what was said of others, and the
    /// measure that they are compared by. What was left out is among the problems of the dataset.
    pub fn put_into(&self, origin: &mut Origin, measure: Measure) {
        origin.rows = self.told();
        origin.measure = Some(measure.words().to_owned());
    }

    /// The account of embeddings without a dataset, called `file`; `left` is what is left of them.
    pub fn account(&self, file: String, left: &Embedded) -> Account {
        let mut account = Account::of_embeddings(file, left.images.rows(), left.texts.rows());
        let lost = |tally: &mut Tally, reason, what, count: usize, names: &[String]| {
            tally.found += count as u64;
            tally.used += count as u64;
            tally.leave_out(reason, what, count, names.to_vec());
        };
        let (images, captions) = (&mut account.images, &mut account.captions);
        for note in self.all() {
            match note {
                Note::LeftOut { side, names } => {
                    let tally = match side {
                        Side::Image => &mut *images,
                        Side::Text => &mut *captions,
                    };
                    lost(tally, Reason::ZeroRow, ZERO, names.len(), names);
                }
                Note::Bare { names } => {
                    lost(&mut *images, Reason::NoCaption, BARE, names.len(), names);
                }
                Note::Followed { captions: count } => {
                    lost(&mut *captions, Reason::ZeroRow, ZERO, *count, &[]);
                }
                _ => {}
            }
        }
        account.notes = self.told();
        account.measure = Some(left.measure().words().to_owned());
        account
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::{Embeddings, Groups};
    use crate::dataset::{Dataset, Image};
    use crate::retrieval::given::{Given, Zeros, without_zeros};

    /// Image 0 is blank and takes its captions along, one of them blank; image 2 has a blank caption alone; one of
    /// image 1's is blank.
    fn given(dataset: Option<Dataset>) -> Given {
        let rows = |values: &[f32]| {
            let rows = values.iter().flat_map(|&v| [v, 0.0]).collect();
            Embeddings::measured(rows, 2, Measure::Cosine).unwrap()
        };
        let texts = rows(&[1.0, 0.0, 0.0, 3.0, 0.0]);
        let groups = Groups::new(vec![0, 2, 4, 5]).unwrap();
        Given {
            embedded: Embedded::new(rows(&[0.0, 1.0, 2.0]), texts, groups).unwrap(),
            dataset,
            notes: Notes::default(),
        }
    }

    fn sums(account: &Account) {
        for tally in [&account.images, &account.captions] {
            let left: u64 = tally.left_out.iter().map(|left| left.count).sum();
            assert_eq!(tally.used + left, tally.found, "{account:?}");
        }
        let left = |tally: &Tally| -> Vec<(Reason, u64)> {
            let each = tally.left_out.iter();
            each.map(|left| (left.reason, left.count)).collect()
        };
        let mut images = left(&account.images);
        images.sort_by_key(|(reason, _)| *reason != Reason::ZeroRow);
        assert_eq!(images, [(Reason::ZeroRow, 1), (Reason::NoCaption, 1)]);
        assert_eq!(left(&account.captions), [(Reason::ZeroRow, 4)]);
        assert_eq!((account.images.found, account.captions.found), (3, 5));
        assert_eq!(account.measure.as_deref(), Some("cosine"));
    }

    #[test]
    fn rows_of_zeros_are_in_the_account() {
        let kept = without_zeros(given(None), Zeros::LeaveOut).unwrap();
        sums(&kept.account("a.npy".into()));

        let group = |name: &str, captions: usize| {
            let captions = (0..captions).map(|c| format!("{name} {c}")).collect();
            (Image::unseen(name), captions)
        };
        let groups = vec![group("a", 2), group("b", 2), group("c", 1)];
        let dataset = Dataset::from_groups("set", "test", groups, Vec::new());
        let kept = without_zeros(given(Some(dataset)), Zeros::LeaveOut).unwrap();
        let account = kept.account("a.npy".into());
        sums(&account);
        let names = &account.captions.left_out[0].names;
        assert!(names.contains(&"caption 1 of c".to_owned()), "{names:?}");
    }

    #[test]
    fn what_was_done_to_rows_is_a_note() {
        let mut notes = Notes::default();
        notes.add(Note::Joined {
            rows: 20,
            images: 4,
        });
        notes.add(Note::Zeros {
            side: Side::Text,
            names: vec!["3".into()],
        });
        let mut origin = Origin::default();
        notes.put_into(&mut origin, Measure::Dot);
        // What was said of other rows does not stay.
        notes.put_into(&mut origin, Measure::Dot);
        let said: Vec<_> = origin.rows.iter().map(|l| (l.reason, l.count)).collect();
        assert_eq!(said, [(Reason::Duplicate, 20), (Reason::ZeroRow, 1)]);
        assert_eq!(origin.measure.as_deref(), Some("dot product"));
    }
}
