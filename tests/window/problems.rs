//! The problems view: what is in a dataset twice, and what two of its splits share.

use super::*;
use image::{Rgb, RgbImage};
use nearmiss::desktop::problems::{Page, Problems};
use nearmiss::retrieval::alike::Likeness;

/// A picture of its own for each seed: blocks of random colours, `side` pixels wide.
fn scene(seed: u64, side: u32) -> RgbImage {
    let mut random = fastrand::Rng::with_seed(seed);
    let blocks: Vec<[u8; 3]> = (0..16)
        .map(|_| [random.u8(..), random.u8(..), random.u8(..)])
        .collect();
    let block = |v: u32| (v * 4 / side) as usize;
    RgbImage::from_fn(side, side, |x, y| Rgb(blocks[block(y) * 4 + block(x)]))
}

/// A folder with the pictures `a` to `e`: `b` is `a` in another file format, `d` is `c` at another size, `e` is no picture.
fn twice(folder: &Path) -> PathBuf {
    scene(1, 64).save(folder.join("a.png")).unwrap();
    scene(1, 64).save(folder.join("b.bmp")).unwrap();
    scene(2, 64).save(folder.join("c.png")).unwrap();
    scene(2, 128).save(folder.join("d.png")).unwrap();
    std::fs::write(folder.join("e.png"), b"no picture at all").unwrap();
    let table = "image,caption\na.png,A red star\nb.bmp,a RED star.\nc.png,a blue ring\nc.png,a blue ring\nd.png,the star\n\
                 e.png,star a red\n";
    let file = folder.join("captions.csv");
    std::fs::write(&file, table).unwrap();
    file
}

#[test]
fn pictures_that_are_there_twice_are_listed_and_lead_to_the_browser() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = open(&twice(folder.path()));
    assert_eq!(errors(&window), Vec::<String>::new());
    click(&mut window, "Problems");
    click(&mut window, "Pictures alike (2)");
    for text in [
        "Among 4 pictures: 1 group of equal pictures (2 pictures); 1 group of nearly equal pictures (2 pictures).",
        "1 picture could not be read: not compared. e.png",
        "Why it matters",
        "scaled to 16 × 16",
        "2 equal pictures: a.png, b.bmp",
    ] {
        assert!(says(&window, text), "{text}");
    }
    let found = drive::state::<Problems>(&window);
    let found = found.pictures.get(now(&window)).expect("compared");
    let near = &found.groups[1];
    assert_eq!(
        (near.likeness, &near.rows[..]),
        (Likeness::NearPicture, &[2, 3][..])
    );
    assert!(near.difference <= 0.1);
    let copied = drive::copied_text(
        &mut window,
        "2 equal pictures",
        "Copy the row as tab-separated values",
    );
    assert!(copied.contains("a.png, b.bmp"), "{copied}");
    click(&mut window, "Look at b.bmp");
    assert_eq!(session(&window).query(), Some(&Query::Row(Side::Image, 1)));
    assert_eq!(session(&window).tab.title, "Retrieval");
}

#[test]
fn captions_of_two_images_that_say_the_same_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = open(&twice(folder.path()));
    click(&mut window, "Problems");
    click(&mut window, "Captions alike (2)");
    for text in [
        "1 group of equal captions of several images (2 captions)",
        "same words in another order or number (3 captions)",
        "1 caption of one image said again, word for word",
        "A red star | a RED star.",
    ] {
        assert!(says(&window, text), "{text}");
    }
    click(&mut window, "Look at b.bmp");
    assert_eq!(session(&window).query(), Some(&Query::Row(Side::Text, 1)));
}

#[test]
fn what_two_splits_share_is_found_whichever_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let seeds = [("train0", 1), ("train1", 2), ("test0", 1), ("test1", 3)];
    let mut table = "image,caption,split\n".to_owned();
    for (name, seed) in seeds {
        scene(seed, 64)
            .save(folder.path().join(format!("{name}.png")))
            .unwrap();
        let split = name.trim_end_matches(char::is_numeric);
        table = format!("{table}{name}.png,scene {seed},{split}\n");
    }
    let file = folder.path().join("captions.csv");
    std::fs::write(&file, table).unwrap();
    let mut window = open(&file);
    click(&mut window, "Problems");
    click(&mut window, "Across splits");
    assert!(
        says(&window, "In use is the split test"),
        "said before it is compared"
    );
    click(&mut window, "Compare the splits");
    for text in [
        "train (2 images, 2 captions)",
        "test (2 images, 2 captions)",
        "1 group of equal pictures (2 pictures)",
        "1 group of equal captions (2 captions)",
        "train: train0.png",
        "test: test0.png",
        "Pictures of splits that are not open are named, not shown",
    ] {
        assert!(says(&window, text), "{text}");
    }
    attack::choose(&mut window, "Split", "all");
    settle(&mut window);
    click(&mut window, "Problems");
    assert_eq!(session(&window).dataset().expect("open").images.len(), 4);
    assert_eq!(drive::state::<Problems>(&window).page, Page::Splits);
    click(&mut window, "Compare the splits");
    click(&mut window, "Look at train: train0.png");
    assert_eq!(session(&window).query(), Some(&Query::Row(Side::Image, 0)));
}

#[test]
fn data_without_splits_says_that_there_is_nothing_to_compare() {
    let mut window = demo();
    click(&mut window, "Problems");
    click(&mut window, "Across splits");
    assert!(says(
        &window,
        "Nothing in the open data says which split an image is of"
    ));
}
