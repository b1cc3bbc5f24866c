//! Captions whose pictures are nowhere.

use super::{Folder, groups, png, problems, says};

#[test]
fn where_no_picture_is_found_the_captions_open_alone() {
    let folder = Folder::with(&[]);
    folder.write(
        "captions.token.txt",
        "a.png#0\tx\na.png#1\ty\nbad\nb.png#0\tz\n",
    );
    let dataset = folder.open().unwrap();
    assert_eq!(
        groups(&dataset),
        [("a.png", vec!["x", "y"]), ("b.png", vec!["z"])]
    );
    assert!(!dataset.has_pictures());
    assert_eq!(
        dataset.format,
        "Flickr tokens (captions.token.txt), captions only"
    );
    assert_eq!(
        problems(&dataset),
        [
            "the pictures of captions.token.txt: no picture was found (put them in a folder images/ beside it); \
             captions only",
            "captions.token.txt, line 3: expected name.jpg#0, a tab and a caption",
        ]
    );
    let error = dataset.images[0].open().unwrap_err();
    assert!(error.to_string().contains("a.png has no picture"));
    // Pictures of other names beside it are no pictures of these.
    folder.write("images/c.png", png());
    let dataset = folder.open().unwrap();
    assert_eq!(dataset.images.len(), 2);
    says(
        &problems(&dataset)[0],
        &["those beside it have other names"],
    );
    // One that fits, and the others are missing.
    folder.write("images/b.png", png());
    let dataset = folder.open().unwrap();
    assert_eq!(groups(&dataset), [("b.png", vec!["z"])]);
    says(&problems(&dataset)[0], &["a.png", "no such file"]);
}
