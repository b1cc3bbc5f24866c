//! The case to show first: the model is right, and the nearest wrong caption says almost the same.

use super::differing::{MOST, differing};
use super::words::{is_stop_word, words};
use crate::compute::{Direction, Embedded, TIE};
use crate::error::Result;
use crate::task::Task;
use std::collections::BTreeSet;

/// A picture whose right caption ranks first, with the wrong caption that comes next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearMiss {
    /// The picture's row.
    pub image: usize,
    /// The row of its own caption that scores best.
    pub right: usize,
    /// The row of the hardest negative.
    pub wrong: usize,
    /// Score of the right caption less that of the wrong one; above 0.
    pub margin: f32,
    /// Words that both captions have in the same order, as a share of all words of both, in (0, 1].
    pub likeness: f32,
}

/// The near miss that is easiest to see: among the pictures whose right caption is first (`i2t`: images look for
/// `captions`), the one with the largest `likeness / (1 + margin / m)`, with m the median margin of these pictures. Wrong
/// captions that say nothing but what the picture's own captions say are passed over: they may be right. `None` where no
/// picture is left.
///
/// # Errors
/// Cancelled.
pub fn near_miss(
    i2t: &Direction,
    embedded: &Embedded,
    captions: &[String],
    task: &Task,
) -> Result<Option<NearMiss>> {
    let is_right = |&i: &usize| {
        let hardest = i2t.hardest[i].index as usize;
        i2t.ranks[i] == 1 && i2t.margin(i) > TIE && hardest < captions.len()
    };
    let right: Vec<usize> = (0..i2t.ranks.len()).filter(is_right).collect();
    let mut margins: Vec<f32> = right.iter().map(|&i| i2t.margin(i)).collect();
    margins.sort_by(f32::total_cmp);
    let Some(&median) = margins.get(margins.len() / 2) else {
        return Ok(None);
    };
    let mut best: Option<(f32, NearMiss)> = None;
    for image in right {
        task.check()?;
        let Some(case) = case(i2t, embedded, captions, image) else {
            continue;
        };
        let value = case.likeness / (1.0 + case.margin / median);
        if best.is_none_or(|(most, _)| value > most) {
            best = Some((value, case));
        }
    }
    Ok(best.map(|(_, case)| case))
}

/// The picture with its best caption and the hardest negative; `None` where they share no content word, or the wrong one
/// says nothing of its own.
fn case(
    i2t: &Direction,
    embedded: &Embedded,
    captions: &[String],
    image: usize,
) -> Option<NearMiss> {
    let wrong = i2t.hardest[image].index as usize;
    let said = content(&captions[wrong]);
    let own = embedded.groups.range(image);
    let known: BTreeSet<String> = own.clone().flat_map(|j| content(&captions[j])).collect();
    if said.is_subset(&known) {
        return None;
    }
    let score = |j: &usize| embedded.images.dot(image, &embedded.texts, *j);
    let right = own.max_by(|a, b| score(a).total_cmp(&score(b)))?;
    if said.is_disjoint(&content(&captions[right])) {
        return None;
    }
    let differ: usize = differing(&captions[right], &captions[wrong])
        .map(|w| w.len())
        .iter()
        .sum();
    let [long, other] = [right, wrong].map(|j| words(&captions[j]).len());
    // What is too long to be compared word by word is not known to be alike.
    if long.max(other) > MOST {
        return None;
    }
    let all = long + other;
    Some(NearMiss {
        image,
        right,
        wrong,
        margin: i2t.margin(image),
        likeness: 1.0 - differ as f32 / all as f32,
    })
}

fn content(caption: &str) -> BTreeSet<String> {
    let all = words(caption).into_iter();
    all.filter(|word| !is_stop_word(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::{Embeddings, Groups, Hit};

    /// One picture of one caption each; the next caption of the list is its hardest negative, `margins` behind.
    fn chosen(captions: &[&str], ranks: &[u32], margins: &[f32]) -> Option<NearMiss> {
        let n = captions.len();
        let captions: Vec<String> = captions.iter().map(|c| (*c).to_owned()).collect();
        let unit = |i: usize| (0..n).map(move |j| f32::from(u8::from(i == j)));
        let rows = || Embeddings::new((0..n).flat_map(unit).collect(), n).expect("unit rows");
        let embedded = Embedded::new(rows(), rows(), Groups::uniform(n, 1)).expect("pairs");
        let direction = Direction {
            ranks: ranks.to_vec(),
            positive: vec![1.0; n],
            hardest: (0..n)
                .map(|i| Hit {
                    score: 1.0 - margins[i],
                    index: ((i + 1) % n) as u32,
                })
                .collect(),
            ..Direction::default()
        };
        near_miss(&direction, &embedded, &captions, &Task::detached()).expect("not cancelled")
    }

    #[test]
    fn the_nearest_of_those_that_say_almost_the_same_is_chosen() {
        let captions = [
            "A brown dog in the snow",
            "A brown dog in the water",
            "Two men on a bench",
            "A red car",
        ];
        // Like and near beats like and far, and near but unlike.
        let case = chosen(&captions, &[1; 4], &[0.1, 0.01, 0.001, 0.1]).expect("a case");
        assert_eq!((case.image, case.right, case.wrong), (0, 0, 1));
        assert!((case.likeness - 10.0 / 12.0).abs() < 1e-6, "{case:?}");
        // A picture that is lost is no near miss, nor is one that shares no word.
        assert_eq!(chosen(&captions, &[3, 1, 1, 1], &[0.1; 4]), None);
        assert_eq!(
            chosen(&captions, &[1; 4], &[0.0; 4]),
            None,
            "a tie counts against"
        );
    }

    #[test]
    fn a_wrong_caption_that_says_nothing_else_may_be_right() {
        let captions = ["A brown dog in the snow", "The brown dog", "A red car"];
        assert_eq!(chosen(&captions, &[1, 5, 5], &[0.1; 3]), None);
    }
}
