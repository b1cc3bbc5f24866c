//! What the clusters of an arrangement are about, in words.

use super::Arrangement;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::retrieval::structure::{Concepts, group_names};
use crate::task::Task;

/// Captions that must hold a word for it to name a cluster.
const LEAST: usize = 3;

/// The name of each cluster of `arrangement`, by the words that captions of its images have more often than all (see
/// [`group_names`]); empty where no word sets it apart. None where the order knows no clusters.
///
/// # Errors
/// Cancellation.
pub fn cluster_names(
    arrangement: &Arrangement,
    dataset: &Dataset,
    task: &Task,
) -> Result<Vec<String>> {
    if arrangement.bounds.is_empty() {
        return Ok(Vec::new());
    }
    let concepts = Concepts::words(&dataset.captions, LEAST, task)?;
    let captions: Vec<(usize, u32)> = (0..arrangement.size()[0])
        .map(|row| (arrangement.image(row) as usize, arrangement.cluster_of(row)))
        .filter(|(image, _)| *image < dataset.images.len())
        .flat_map(|(image, cluster)| dataset.captions_of(image).map(move |j| (j, cluster as u32)))
        .collect();
    let count = arrangement.bounds.len() + 1;
    Ok(group_names(&concepts, &captions, count, LEAST, 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::Groups;
    use crate::dataset::Image;

    #[test]
    fn clusters_are_named_by_what_their_captions_say_more_often() {
        let captions = [
            "a dog runs",
            "the dog sits",
            "a dog here",
            "a red boat",
            "the boat",
            "boat on water",
        ];
        let groups = captions.iter().enumerate().map(|(i, caption)| {
            (
                Image::unseen(format!("{i}.png")),
                vec![(*caption).to_owned()],
            )
        });
        let dataset = Dataset::from_groups("t", "t", groups.collect(), Vec::new());
        let groups = Groups::new(dataset.offsets.clone()).expect("groups");
        // Boats in the first rows.
        let rows = vec![3, 4, 5, 0, 1, 2];
        let of = |bounds: Vec<u32>| Arrangement::new(rows.clone(), &groups, bounds);
        let task = Task::detached();
        assert_eq!(
            cluster_names(&of(vec![3]), &dataset, &task).expect("named"),
            ["boat", "dog"]
        );
        assert!(
            cluster_names(&of(Vec::new()), &dataset, &task)
                .expect("none")
                .is_empty()
        );
        let two = of(vec![3]);
        assert_eq!([0, 2, 3, 5].map(|row| two.cluster_of(row)), [0, 0, 1, 1]);
        assert_eq!(two.cluster(1), 3..6);
    }
}
