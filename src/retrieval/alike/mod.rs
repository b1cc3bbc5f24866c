//! Pictures and captions that are there twice, or nearly: what counts as wrong in recall though it is the same.
//!
//! Pictures are equal when all their pixels are, however their files were packed; nearly equal by [`Look::difference`].
//! Captions are equal when they have the same words in the same order, whatever their case and punctuation; nearly equal
//! when they have the same words in another order or number.

mod across;
mod groups;
mod look;
mod near;

pub use across::{Across, Crossing, Member, across};
pub use look::{Look, NEAR, SIDE, THUMB};
pub use near::near;

use super::words;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::task::Task;
use groups::{Joined, by_key};
use look::looks;
use std::collections::HashSet;

/// In what way the members of a group are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Likeness {
    /// Pictures, equal in every pixel.
    SamePicture,
    /// Pictures that differ by little; each by little from at least one other of the group.
    NearPicture,
    /// Captions of the same words in the same order.
    SameCaption,
    /// Captions of the same words in another order or number.
    NearCaption,
}

/// Rows that are alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// In what way.
    pub likeness: Likeness,
    /// Rows of images or captions, two at least, rising.
    pub rows: Vec<u32>,
    /// The largest difference of two of them that are nearly equal, as [`Look::difference`]; 0 where none is measured.
    pub difference: f32,
}

/// What is alike among the pictures of a dataset.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pictures {
    /// Equal ones, then nearly equal ones, each in the order of their first rows.
    pub groups: Vec<Group>,
    /// Pictures that were compared.
    pub compared: usize,
    /// Images without a picture.
    pub unseen: usize,
    /// Images whose picture could not be read, and why.
    pub unread: Vec<(u32, String)>,
}

/// What is alike among the captions of a dataset.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Captions {
    /// Equal ones, then nearly equal ones; each of two images at least.
    pub groups: Vec<Group>,
    /// Captions that repeat another one of their own image, word for word: they cost no recall.
    pub repeated: usize,
    /// Captions without a word, which are compared with none.
    pub wordless: usize,
}

/// Compares all pictures of `dataset`. Takes time in proportion to its pictures, most of it for decoding, and room for
/// [`SIDE`] x [`SIDE`] colours of each.
///
/// # Errors
/// Cancellation.
pub fn pictures(dataset: &Dataset, task: &Task) -> Result<Pictures> {
    task.begin("Comparing pictures", dataset.images.len() as u64);
    let seen = looks(&dataset.images, task)?;
    Ok(Pictures {
        groups: of_pictures(&seen.looks, task)?,
        compared: seen.looks.iter().flatten().count(),
        unseen: seen.unseen,
        unread: seen.unread,
    })
}

/// Compares all captions of `dataset`.
///
/// # Errors
/// Cancellation.
pub fn captions(dataset: &Dataset, task: &Task) -> Result<Captions> {
    let texts: Vec<&str> = dataset.captions.iter().map(String::as_str).collect();
    let owner = owners(dataset);
    let found = of_captions(&texts, task)?;
    let repeated = found.groups.iter().filter(|g| is_same(g)).map(|group| {
        let images: HashSet<u32> = group.rows.iter().map(|&j| owner[j as usize]).collect();
        group.rows.len() - images.len()
    });
    Ok(Captions {
        repeated: repeated.sum(),
        wordless: found.wordless,
        groups: found
            .groups
            .into_iter()
            .filter(|group| {
                let of = |row: &u32| owner[*row as usize];
                group.rows.iter().any(|row| of(row) != of(&group.rows[0]))
            })
            .collect(),
    })
}

fn is_same(group: &Group) -> bool {
    group.likeness == Likeness::SameCaption
}

/// The image of each caption.
fn owners(dataset: &Dataset) -> Vec<u32> {
    let all = 0..dataset.images.len();
    all.flat_map(|i| dataset.captions_of(i).map(move |_| i as u32))
        .collect()
}

/// The groups of equal pictures, then of nearly equal ones; rows are places in `looks`.
fn of_pictures(looks: &[Option<Look>], task: &Task) -> Result<Vec<Group>> {
    let seen = || {
        let all = looks.iter().enumerate();
        all.filter_map(|(row, look)| Some((row as u32, look.as_ref()?)))
    };
    let same = by_key(seen().map(|(row, look)| (row, look.pixels)));
    let first: Vec<u32> = same.iter().map(|rows| rows[0]).collect();
    let apart: Vec<&Look> = first
        .iter()
        .filter_map(|&row| looks[row as usize].as_ref())
        .collect();
    let mut joined = Joined::new(same.len());
    near(&apart, task, |a, b, difference| {
        joined.join(a, b, difference);
    })?;
    let mut groups: Vec<Group> = same
        .iter()
        .filter(|rows| rows.len() > 1)
        .map(|rows| Group {
            likeness: Likeness::SamePicture,
            rows: rows.clone(),
            difference: 0.0,
        })
        .collect();
    for (parts, difference) in joined.groups() {
        let mut rows: Vec<u32> = parts.iter().flat_map(|&at| same[at].clone()).collect();
        rows.sort_unstable();
        groups.push(Group {
            likeness: Likeness::NearPicture,
            rows,
            difference,
        });
    }
    Ok(groups)
}

/// Groups of captions, and how many have no word.
struct Said {
    groups: Vec<Group>,
    wordless: usize,
}

/// The groups of equal captions, then of nearly equal ones; rows are places in `texts`.
fn of_captions(texts: &[&str], task: &Task) -> Result<Said> {
    task.begin("Comparing captions", texts.len() as u64);
    let mut bare = Vec::with_capacity(texts.len());
    for (row, text) in texts.iter().enumerate() {
        if row.is_multiple_of(1024) {
            task.check()?;
            task.add(1024.min(texts.len() - row) as u64);
        }
        bare.push(words(text).join(" "));
    }
    let wordless = bare.iter().filter(|words| words.is_empty()).count();
    let spoken = bare
        .iter()
        .enumerate()
        .filter(|(_, words)| !words.is_empty());
    let same = by_key(spoken.map(|(row, words)| (row as u32, words.as_str())));
    task.check()?;
    let sets = by_key(same.iter().enumerate().map(|(at, rows)| {
        let mut set: Vec<&str> = bare[rows[0] as usize].split(' ').collect();
        set.sort_unstable();
        set.dedup();
        (at as u32, set)
    }));
    let group = |likeness, mut rows: Vec<u32>| {
        rows.sort_unstable();
        Group {
            likeness,
            rows,
            difference: 0.0,
        }
    };
    let equal = same.iter().filter(|rows| rows.len() > 1);
    let mut groups: Vec<Group> = equal
        .map(|rows| group(Likeness::SameCaption, rows.clone()))
        .collect();
    let near = sets.iter().filter(|parts| parts.len() > 1);
    groups.extend(near.map(|parts| {
        let rows = parts.iter().flat_map(|&at| same[at as usize].clone());
        group(Likeness::NearCaption, rows.collect())
    }));
    Ok(Said { groups, wordless })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Image;

    fn dataset(groups: &[&[&str]]) -> Dataset {
        let groups = groups.iter().enumerate().map(|(i, captions)| {
            let captions = captions.iter().map(|&c| c.to_owned()).collect();
            (Image::unseen(format!("{i}.png")), captions)
        });
        Dataset::from_groups("test", "test", groups.collect(), Vec::new())
    }

    #[test]
    fn captions_of_two_images_are_alike_and_those_of_one_cost_nothing() {
        let set = dataset(&[
            &["A red star .", "a RED star", "the ring"],
            &["a red, star!", "star a red"],
            &["--", "a blue ring"],
            &["ring, a blue ring"],
        ]);
        let found = captions(&set, &Task::detached()).unwrap();
        let told: Vec<(Likeness, Vec<u32>)> = found
            .groups
            .iter()
            .map(|g| (g.likeness, g.rows.clone()))
            .collect();
        assert_eq!(
            told,
            [
                (Likeness::SameCaption, vec![0, 1, 3]),
                (Likeness::NearCaption, vec![0, 1, 3, 4]),
                (Likeness::NearCaption, vec![6, 7]),
            ]
        );
        assert_eq!((found.repeated, found.wordless), (1, 1));
    }

    #[test]
    fn captions_are_grouped_as_by_comparing_all_pairs() {
        let mut random = fastrand::Rng::with_seed(3);
        let vocabulary = ["dog", "cat", "A", "runs", "Runs!"];
        let texts: Vec<String> = (0..300)
            .map(|_| {
                let n = random.usize(1..4);
                let drawn = (0..n).map(|_| vocabulary[random.usize(0..vocabulary.len())]);
                drawn.collect::<Vec<_>>().join(" ")
            })
            .collect();
        let owned: Vec<Vec<&str>> = texts
            .chunks(3)
            .map(|c| c.iter().map(|t| &**t).collect())
            .collect();
        let set = dataset(&owned.iter().map(|c| &c[..]).collect::<Vec<_>>());
        let found = captions(&set, &Task::detached()).unwrap();
        // Plainly: pairs whose words are the same sequence, or the same set, of two images.
        let plain = |text: &str| -> Vec<String> {
            let lower = text.to_lowercase().replace('!', "");
            lower.split(' ').map(str::to_owned).collect()
        };
        let set_of = |text: &str| plain(text).into_iter().collect::<HashSet<_>>();
        for (a, b) in (0..300_usize).flat_map(|a| (a + 1..300).map(move |b| (a, b))) {
            let (x, y) = (&set.captions[a], &set.captions[b]);
            let together = |likeness| {
                let mut groups = found.groups.iter().filter(|g| g.likeness == likeness);
                groups.any(|g| g.rows.contains(&(a as u32)) && g.rows.contains(&(b as u32)))
            };
            if a / 3 != b / 3 {
                assert_eq!(
                    together(Likeness::SameCaption),
                    plain(x) == plain(y),
                    "{x} | {y}"
                );
                let both = together(Likeness::SameCaption) || together(Likeness::NearCaption);
                assert_eq!(both, set_of(x) == set_of(y), "{x} | {y}");
            }
        }
    }

    #[test]
    fn cancelled_it_ends() {
        let cancelled = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
        let task = Task::cancelled_by(cancelled);
        let set = dataset(&[&["a"], &["b"]]);
        assert!(captions(&set, &task).unwrap_err().is_cancelled());
        assert!(pictures(&set, &task).unwrap_err().is_cancelled());
    }
}
