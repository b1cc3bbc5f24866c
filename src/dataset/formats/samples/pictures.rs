//! A folder of pictures and nothing else: images without captions.

use super::members::{Part, members};
use super::sidecar::{Walk, shown};
use crate::dataset::formats::builder::Reach;
use crate::dataset::formats::names::step;
use crate::dataset::formats::split::{Rule, Scan, Splits, Wanted};
use crate::dataset::{Dataset, Image, Problem, Reason};
use crate::error::{Error, Result};
use crate::files::file_name;
use crate::task::Task;
use std::path::Path;

/// The pictures of `folder` and of the folders below it, by name; `None` where there are none.
///
/// # Errors
/// The folder cannot be read; the split that is wanted is not there; cancellation.
pub(crate) fn open(folder: &Path, wanted: &Wanted, task: &Task) -> Result<Option<Dataset>> {
    task.begin("Looking for pictures", 0);
    std::fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let mut walk = Walk::new(Reach::new(folder, wanted.images.as_deref()));
    walk.enter(folder, task)?;
    let names: Vec<String> = walk.files.iter().map(|path| shown(folder, path)).collect();
    let parts: Vec<Part> = members(&names).into_iter().map(|m| m.part).collect();
    let is_picture = |at: usize| parts[at] == Part::Picture;
    let mut scan = Scan::default();
    let pictures: Vec<usize> = (0..names.len()).filter(|&at| is_picture(at)).collect();
    for &at in &pictures {
        scan.add(None, &names[at]);
    }
    if pictures.is_empty() {
        return Ok(None);
    }
    let chosen = scan.decide(folder, wanted, Rule::Usual)?;
    let (mut images, mut problems) = (Vec::new(), Vec::new());
    let mut others = Splits::default();
    for at in pictures {
        step(task, images.len() as u64)?;
        let name = &names[at];
        if let Some(split) = chosen.of(None, name) {
            let kept = chosen.keeps(Some(&split));
            others.add(split, name, 0);
            if !kept {
                continue;
            }
        }
        images.push(Image::file(name.clone(), &walk.files[at]));
    }
    let unread = (0..names.len()).filter(|&at| parts[at] == Part::Unread);
    problems.extend(unread.map(|at| {
        let what = "is a picture of a kind that cannot be decoded";
        Problem::new(&names[at], what, Reason::UnknownEnding).costing(1, 0)
    }));
    let full = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let mut dataset = Dataset::of_images(file_name(&full), "pictures alone", images, problems);
    others.tell(&chosen, |_| false, &mut dataset.origin);
    for at in (0..names.len()).filter(|&at| !is_picture(at) && parts[at] != Part::Unread) {
        let origin = &mut dataset.origin;
        origin.note(Reason::UnknownEnding, "is no picture", &names[at]);
    }
    for path in walk.outside() {
        let what = "is no regular file, or a link that leads out of the folder";
        let origin = &mut dataset.origin;
        origin.note(Reason::NotUsed, what, shown(folder, path));
    }
    for (what, path) in walk.passed() {
        let origin = &mut dataset.origin;
        origin.note(Reason::NotUsed, what, shown(folder, path));
    }
    Ok(Some(dataset))
}
