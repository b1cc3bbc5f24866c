//! An exported encoder, tried before it gets its place: it must give what the heads make of the original's embeddings.

use super::weights::Heads;
use crate::compute::train::{Learned, Loss, Plan, Tower, Train};
use crate::compute::{Cpu, Embeddings};
use crate::dataset::Picture;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::task::Task;

/// The largest difference between two values of unit rows that is still rounding: of float16, and on other devices than
/// the CPU. A wrong pooling, output or preprocessing is further off.
const ROUNDING: f32 = 0.02;
/// Captions of several lengths.
const CAPTIONS: [&str; 5] = [
    "a dog",
    "a photo of a dog",
    "two people ride bicycles on a road beside the sea in the evening",
    "A small pink circle above three crosses.",
    "one two three",
];
const PICTURES: usize = 3;

/// The largest difference between the embeddings of `exported` and what `heads` make of those of `original`, over a few
/// pictures and captions; `None` where the original gives no embedding for any of them.
///
/// # Errors
/// They are prepared otherwise, the exported encoder fails, or its embeddings are others; cancellation.
pub(super) fn deviation(
    original: &Encoder,
    exported: &Encoder,
    heads: &Heads,
    task: &Task,
) -> Result<Option<f32>> {
    if original.preprocess() != exported.preprocess() {
        return Err(differs("prepares pictures otherwise"));
    }
    let tokens = |encoder: &Encoder| encoder.tokenizer().encode(&CAPTIONS);
    if tokens(original)? != tokens(exported)? {
        return Err(differs("makes other tokens of captions"));
    }
    let plan = Plan {
        shape: heads.shape,
        loss: Loss::default(),
        margin: 0.0,
        scalars: false,
        batch: 2,
    };
    let mut trainer = Cpu.trainer(plan, Learned::new(heads.weights.clone()))?;
    let mut largest = None::<f32>;
    let mut compare = |tower: Tower, given: &Embeddings, made: &Embeddings| -> Result<()> {
        let wanted = trainer.embed(tower, given.data())?;
        if wanted.len() != made.data().len() {
            return Err(differs("gives embeddings of another length"));
        }
        let pairs = wanted.iter().zip(made.data());
        let off = pairs.fold(0.0, |m: f32, (a, b)| m.max((a - b).abs()));
        largest = Some(largest.unwrap_or(0.0).max(off));
        Ok(())
    };
    for number in 0..PICTURES {
        task.check()?;
        let picture = picture(number);
        // What the original cannot embed says nothing of the copy.
        if let Ok(given) = original.embed_picture(&picture) {
            compare(Tower::Image, &given, &exported.embed_picture(&picture)?)?;
        }
    }
    let captions = CAPTIONS.map(str::to_owned);
    let together = original.embed_texts(&captions, None, task);
    if let Ok(given) = together {
        let made = exported.embed_texts(&captions, None, task)?;
        compare(Tower::Text, &given, &made)?;
    } else {
        for caption in captions.chunks(1) {
            task.check()?;
            if let Ok(given) = original.embed_texts(caption, None, task) {
                let made = exported.embed_texts(caption, None, task)?;
                compare(Tower::Text, &given, &made)?;
            }
        }
    }
    match largest {
        Some(off) if off > ROUNDING => Err(differs(&format!("is {off:.3} off in an embedding"))),
        largest => Ok(largest),
    }
}

fn differs(how: &str) -> Error {
    Error::request(
        format!("the exported encoder {how}, and was not kept"),
        "This encoder cannot be exported with heads: save the heads alone, and report the model.",
    )
}

/// A made-up picture: colours that change along both sides, with noise.
fn picture(number: usize) -> Picture {
    const SIDE: u32 = 64;
    let mut random = fastrand::Rng::with_seed(number as u64);
    let rgb = (0..3 * SIDE * SIDE).map(|at| {
        let (place, channel) = (at / 3, at % 3);
        let (y, x) = (place / SIDE, place % SIDE);
        let slope = [x + y, 2 * x, 3 * y][((channel as usize) + number) % 3];
        (slope + random.u32(..64)).min(255) as u8
    });
    Picture {
        width: SIDE,
        height: SIDE,
        rgb: rgb.collect(),
    }
}
