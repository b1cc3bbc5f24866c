//! Real encoders on real pictures, where the material is there.

use super::task;
use nearmiss::compute::Embeddings;
use nearmiss::dataset;
use nearmiss::encoder::{EmbeddedDataset, Encoder, EncoderFiles, EncoderOptions};
use std::path::PathBuf;

fn material(name: &str) -> PathBuf {
    PathBuf::from(std::env::var_os("NEARMISS_MATERIAL").expect("NEARMISS_MATERIAL is set"))
        .join(name)
}

fn embed(data: &str, encoder: &str) -> EmbeddedDataset {
    let dataset = dataset::open(&material(data), &task()).unwrap();
    let files = EncoderFiles::open(&material("encoders").join(encoder)).unwrap();
    let encoder = Encoder::open(&files, &EncoderOptions::default(), &task()).unwrap();
    encoder.embed_dataset(&dataset, None, &task()).unwrap()
}

/// Compares unit rows, in file order: each component to 1e-3, each cosine over 0.99999.
fn assert_agrees(ours: &Embeddings, reference: &str) {
    let path = material("encoders/flickr8k-cca").join(reference);
    let (values, rows, dim) = dataset::npy::read_npy(&path).unwrap();
    let theirs = Embeddings::new(values, dim).unwrap();
    assert_eq!((ours.rows(), ours.dim()), (rows, dim));
    let worst = ours
        .data()
        .iter()
        .zip(theirs.data())
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    let cosine = (0..rows)
        .map(|i| ours.dot(i, &theirs, i))
        .fold(f32::MAX, f32::min);
    println!("{reference}: largest difference {worst:.2e}, smallest cosine {cosine:.7}");
    assert!(
        worst < 1e-3 && cosine > 0.99999,
        "{reference}: {worst} {cosine}"
    );
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn flickr8k_cca_agrees_with_its_reference() {
    let made = embed("flickr8k-test", "flickr8k-cca");
    assert!(made.dataset.problems.is_empty());
    assert_agrees(&made.embedded.texts, "reference_text_embeds.npy");
    assert_agrees(&made.embedded.images, "reference_image_embeds.npy");
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn digits_vit_takes_one_channel_and_one_id_per_text() {
    let made = embed("digits", "digits-vit");
    assert_eq!(
        (made.embedded.images.rows(), made.embedded.images.dim()),
        (made.dataset.images.len(), 8)
    );
    assert_eq!(made.embedded.texts.rows(), made.dataset.captions.len());
    let right = (0..made.embedded.images.rows())
        .filter(|&i| {
            let own = made.dataset.captions_of(i).start;
            let score = |j: usize| made.embedded.images.dot(i, &made.embedded.texts, j);
            (0..made.embedded.texts.rows()).all(|j| score(j) <= score(own) + 1e-6)
        })
        .count();
    println!(
        "{right} of {} digits are right",
        made.embedded.images.rows()
    );
}
