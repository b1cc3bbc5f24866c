//! The cache of embeddings, which knows a picture wherever it lies.

use super::archives::one;
use super::{problems, says};
use nearmiss::dataset::{Dataset, Image};
use nearmiss::encoder::{Cache, Encoder, EncoderFiles, EncoderOptions};
use nearmiss::task::Task;
use std::path::Path;

#[test]
fn pictures_in_an_archive_are_what_the_cache_knows() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
    let scene = |i: usize| demo.join(format!("scenes/{i:03}.png"));
    let contents: Vec<Vec<u8>> = (0..3).map(|i| std::fs::read(scene(i)).unwrap()).collect();
    let names: Vec<[String; 2]> = (0..3)
        .map(|i| [format!("{i}.png"), format!("{i}.txt")])
        .collect();
    let members: Vec<(&str, &[u8])> = names
        .iter()
        .zip(&contents)
        .flat_map(|([png, txt], content)| [(&**png, &**content), (&**txt, &b"a scene"[..])])
        .collect();
    let (folder, archived) = one(&members);
    let group = |i: usize| {
        (
            Image::file(format!("{i}"), scene(i)),
            vec!["a scene".to_owned()],
        )
    };
    let plain = Dataset::from_groups("plain", "files", (0..3).map(group).collect(), Vec::new());
    let files = EncoderFiles::open(&demo.join("encoder")).unwrap();
    let encoder = Encoder::open(&files, &EncoderOptions::default(), &Task::detached()).unwrap();
    let cache = Cache::at(folder.path("cache"));
    let embed = |dataset| {
        encoder
            .embed_dataset(dataset, Some(&cache), &Task::detached())
            .unwrap()
    };
    let (first, second) = (embed(&plain), embed(&archived));
    assert_eq!((first.cached_images, second.cached_images), (0, 3));
    assert_eq!(first.embedded.images, second.embedded.images);
    // One that is no picture is listed by its member.
    let (_folder, broken) = one(&[members[0], members[1], ("x.png", b"x"), ("x.txt", b"x")]);
    let kept = embed(&broken).dataset;
    assert_eq!(kept.images.len(), 1);
    says(&problems(&kept)[0], &["a.tar: x.png", "not a picture"]);
}
