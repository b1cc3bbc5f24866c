//! The datasets of the test material, whose folder `NEARMISS_MATERIAL` names.

use super::{groups, open, problems, says};
use nearmiss::dataset::npy::read_npy;
use std::path::PathBuf;
use std::time::Instant;

fn material(name: &str) -> PathBuf {
    PathBuf::from(std::env::var_os("NEARMISS_MATERIAL").expect("NEARMISS_MATERIAL")).join(name)
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn flickr8k_opens_alike_as_tokens_and_as_karpathy() {
    let folder = open(&material("flickr8k-test")).unwrap();
    says(
        &folder.format,
        &[
            "Flickr tokens (captions.token.txt)",
            "dataset_flickr8k.json not used",
        ],
    );
    let tokens = open(&material("flickr8k-test/captions.token.txt")).unwrap();
    let karpathy = open(&material("flickr8k-test/dataset_flickr8k.json")).unwrap();
    says(&karpathy.format, &["Karpathy JSON", "split test"]);
    for dataset in [&folder, &tokens, &karpathy] {
        assert_eq!((dataset.images.len(), dataset.captions.len()), (1000, 5000));
        assert!(dataset.problems.is_empty(), "{:?}", problems(dataset));
        assert_eq!(dataset.name, "flickr8k-test");
    }
    assert_eq!(groups(&tokens), groups(&karpathy));
    let picture = tokens.images[0].open().unwrap();
    assert_eq!((picture.width, picture.height), (224, 224));
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn digits_and_photos_open() {
    let digits = open(&material("digits")).unwrap();
    assert_eq!((digits.images.len(), digits.captions.len()), (500, 500));
    assert_eq!(groups(&digits)[0], ("images/0000.png", vec!["7"]));
    let photos = open(&material("photos")).unwrap();
    assert_eq!((photos.images.len(), photos.problems.len()), (8, 0));
    for image in &photos.images {
        let picture = image.open().unwrap();
        assert_eq!(
            picture.rgb.len(),
            picture.width as usize * picture.height as usize * 3
        );
    }
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn coco_without_its_pictures_opens_its_captions_within_a_second() {
    let start = Instant::now();
    let dataset = open(&material("coco-captions")).unwrap();
    let seconds = start.elapsed().as_secs_f32();
    println!("coco-captions: {seconds:.3} s");
    assert!(seconds < 1.0, "{seconds} s");
    assert_eq!(
        (dataset.images.len(), dataset.captions.len()),
        (5000, 25_014)
    );
    assert!(!dataset.has_pictures());
    assert_eq!(dataset.problems.len(), 1);
    says(
        &problems(&dataset)[0],
        &[
            "captions_val2017.json",
            "no picture was found",
            "captions only",
        ],
    );
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn reference_embeddings_read() {
    let (values, rows, columns) =
        read_npy(&material("encoders/flickr8k-cca/reference_text_embeds.npy")).unwrap();
    assert_eq!((values.len(), rows, columns), (5000 * 256, 5000, 256));
    assert!(values.iter().all(|v| v.is_finite()));
}
