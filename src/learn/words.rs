//! The words for groups, recalls and differences.

use super::bands::Band;
use super::expansion::Expansion;
use super::friendly::Friendly;
use super::groups::Group;
use super::policy::Policy;
use super::recall::Way;
use super::run::{Finish, Point};

/// Which recall is talked about: a direction and a place among 1, 5, 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figure {
    /// Which side asks.
    pub way: Way,
    /// 0 for R@1, 1 for R@5, 2 for R@10.
    pub at: usize,
}

impl Figure {
    /// "R@1".
    pub fn name(self) -> &'static str {
        ["R@1", "R@5", "R@10"][self.at.min(2)]
    }

    /// All six: images at 1, 5, 10, then captions.
    pub fn all() -> [Self; 6] {
        let ways = [Way::ImageToText, Way::TextToImage];
        std::array::from_fn(|k| Self {
            way: ways[k / 3],
            at: k % 3,
        })
    }

    /// "image to text R@1".
    pub fn told(self) -> String {
        let way = match self.way {
            Way::ImageToText => "image to text",
            Way::TextToImage => "text to image",
        };
        format!("{way} {}", self.name())
    }

    /// On the images held out.
    pub fn valid(self) -> impl Fn(&Point) -> Option<f64> {
        move |point| Some(point.valid.get(self.way, self.at))
    }

    /// On images that are trained on.
    pub fn train(self) -> impl Fn(&Point) -> Option<f64> {
        move |point| Some(point.train.get(self.way, self.at))
    }
}

/// "MH", with the policy where it is not the uniform one, and how the runs ended where not at their end.
pub fn title(group: &Group) -> String {
    let run = group.first();
    let mut title = run.setup.loss.title().to_owned();
    if run.setup.policy != Policy::default() {
        title = format!("{title}, {}", run.setup.policy.title().to_lowercase());
    }
    let setup = &run.setup;
    let e = setup.expansion;
    if e != Expansion::default() {
        title = format!(
            "{title} ({} epochs, then {} pairs every {})",
            e.warm, e.by, e.every
        );
    }
    let f = setup.friendly;
    if f != Friendly::default() {
        title = format!(
            "{title} (radius {}, {} steps, to 0 at {} %)",
            f.radius,
            f.steps,
            100.0 * f.until
        );
    }
    let about = setup.loss.description();
    if about
        .margin
        .is_some_and(|usual| (usual - setup.margin).abs() > 1e-6)
    {
        title = format!("{title}, margin {}", setup.margin);
    }
    if setup.loss.has_temperature() {
        if setup.learn_temperature {
            title = format!("{title}, temperature trained");
        } else if (setup.temperature - 0.07).abs() > 1e-6 {
            title = format!("{title}, temperature {}", setup.temperature);
        }
    }
    if !run.legs.is_empty() {
        title = format!("{title}, went on");
    }
    match run.finish {
        Finish::Going | Finish::Finished => title,
        Finish::Stopped => format!("{title}, stopped"),
        Finish::Diverged => format!("{title}, diverged"),
    }
}

/// "+2.0 ± 2.9 (not settled by five seeds)".
pub fn told(band: Band, seeds: usize) -> String {
    match band.half {
        None => format!("{:+.1} (one seed settles nothing)", band.mean),
        Some(half) if band.is_settled() => format!("{:+.1} ± {half:.1} (settled)", band.mean),
        Some(half) => format!(
            "{:+.1} ± {half:.1} (not settled by {} seeds)",
            band.mean,
            number(seeds)
        ),
    }
}

/// A small number in words.
pub fn number(n: usize) -> String {
    const WORDS: [&str; 11] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    WORDS
        .get(n)
        .map_or_else(|| n.to_string(), |&word| word.into())
}
