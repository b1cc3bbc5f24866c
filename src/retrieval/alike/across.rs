//! What is alike in two splits of a dataset: what was trained on is tested on.

use super::look::{Seen, looks};
use super::{Group, Likeness, of_captions, of_pictures};
use crate::dataset::Dataset;
use crate::error::Result;
use crate::task::Task;

/// A row of one of the splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Which split.
    pub split: usize,
    /// Its row there, of an image or a caption.
    pub row: u32,
}

/// A group that lies in two splits at least.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossing {
    /// In what way its members are alike.
    pub likeness: Likeness,
    /// By split, then by row.
    pub members: Vec<Member>,
    /// As [`Group::difference`].
    pub difference: f32,
}

/// What is alike across splits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Across {
    /// The groups, in the order of [`Likeness`].
    pub groups: Vec<Crossing>,
    /// Pictures that were compared.
    pub compared: usize,
    /// Images without a picture.
    pub unseen: usize,
    /// Images whose picture could not be read, and why.
    pub unread: Vec<(Member, String)>,
    /// Captions without a word, which are compared with none.
    pub wordless: usize,
}

/// Compares pictures and captions of all `splits` with each other.
///
/// # Errors
/// Cancellation.
pub fn across(splits: &[&Dataset], task: &Task) -> Result<Across> {
    let images: usize = splits.iter().map(|split| split.images.len()).sum();
    task.begin("Comparing pictures", images as u64);
    let mut out = Across::default();
    let mut all = Vec::with_capacity(images);
    for (split, dataset) in splits.iter().enumerate() {
        let Seen {
            looks,
            unseen,
            unread,
        } = looks(&dataset.images, task)?;
        out.unseen += unseen;
        let member = |(row, why)| (Member { split, row }, why);
        out.unread.extend(unread.into_iter().map(member));
        all.extend(looks);
    }
    out.compared = all.iter().flatten().count();
    let texts = splits.iter().flat_map(|split| &split.captions);
    let texts: Vec<&str> = texts.map(String::as_str).collect();
    let pictures = of_pictures(&all, task)?;
    let captions = of_captions(&texts, task)?;
    out.wordless = captions.wordless;
    let (images, texts) = (
        starts(splits, |s| s.images.len()),
        starts(splits, |s| s.captions.len()),
    );
    let crossing = |group: Group| {
        let starts = match group.likeness {
            Likeness::SamePicture | Likeness::NearPicture => &images,
            Likeness::SameCaption | Likeness::NearCaption => &texts,
        };
        let members = group.rows.iter().map(|&row| member(starts, row)).collect();
        Crossing {
            likeness: group.likeness,
            members,
            difference: group.difference,
        }
    };
    let found = pictures.into_iter().chain(captions.groups).map(crossing);
    out.groups = found
        .filter(|group| {
            let first = group.members[0].split;
            group.members.iter().any(|member| member.split != first)
        })
        .collect();
    Ok(out)
}

/// The row at which each split begins among the rows of all.
fn starts(splits: &[&Dataset], rows: impl Fn(&Dataset) -> usize) -> Vec<usize> {
    let mut so_far = 0;
    let start = |split: &&Dataset| {
        let start = so_far;
        so_far += rows(split);
        start
    };
    splits.iter().map(start).collect()
}

/// Where a row of all lies.
fn member(starts: &[usize], row: u32) -> Member {
    let split = starts.partition_point(|&start| start <= row as usize) - 1;
    Member {
        split,
        row: row - starts[split] as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Image, Picture, write_png};
    use std::path::Path;

    /// Images of these grey levels (a step in the middle), with a caption each.
    fn split(folder: &Path, name: &str, of: &[(u8, &str)]) -> Dataset {
        let groups = of.iter().enumerate().map(|(at, (level, caption))| {
            let path = folder.join(format!("{name}{at}.png"));
            let value = |at: usize| if at < 96 { *level } else { 255 - *level };
            let picture = Picture {
                width: 8,
                height: 8,
                rgb: (0..192).map(value).collect(),
            };
            write_png(&path, &picture).unwrap();
            (
                Image::file(format!("{name}{at}"), path),
                vec![(*caption).to_owned()],
            )
        });
        Dataset::from_groups(name, "test", groups.collect(), Vec::new())
    }

    #[test]
    fn only_what_lies_in_two_splits_is_told_and_unreadable_pictures_are_said() {
        let folder = tempfile::tempdir().unwrap();
        let train = split(
            folder.path(),
            "train",
            &[(0, "a dog"), (60, "a cat"), (60, "a hen")],
        );
        let empty = Dataset::default();
        let test = split(
            folder.path(),
            "test",
            &[(200, "dog a"), (0, "the owl"), (2, "A cat!")],
        );
        std::fs::write(folder.path().join("test0.png"), b"no picture").unwrap();
        let found = across(&[&train, &empty, &test], &Task::detached()).unwrap();
        let told: Vec<(Likeness, Vec<(usize, u32)>)> = found
            .groups
            .iter()
            .map(|g| {
                (
                    g.likeness,
                    g.members.iter().map(|m| (m.split, m.row)).collect(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (Likeness::SamePicture, vec![(0, 0), (2, 1)]),
                (Likeness::NearPicture, vec![(0, 0), (2, 1), (2, 2)]),
                (Likeness::SameCaption, vec![(0, 1), (2, 2)]),
                (Likeness::NearCaption, vec![(0, 0), (2, 0)]),
            ]
        );
        assert!(found.groups[1].difference > 0.0 && found.groups[1].difference < 0.1);
        assert_eq!((found.compared, found.unseen), (5, 0));
        assert_eq!(found.unread.len(), 1);
        assert_eq!(found.unread[0].0, Member { split: 2, row: 0 });
    }
}
