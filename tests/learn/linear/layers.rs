//! Tensors of the image model as rows.

use crate::learn::{Opened, demo, task};
use nearmiss::dataset;
use nearmiss::learn::concepts::{Members, On, Sources, Taken, layers, two_groups};

#[test]
fn the_last_tensor_is_the_embedding_and_others_have_their_shape() {
    let opened = Opened::plain(&demo().join("encoder"));
    let encoder = &opened.encoder;
    let dataset = dataset::open(&demo(), &task()).unwrap();
    let names = layers(encoder).unwrap();
    println!("{names:?}");
    assert_eq!(names.last().unwrap(), encoder.image_tower().output());
    let sources = Sources {
        dataset: &dataset,
        embedded: None,
        encoder: Some(encoder),
    };
    let members = [0..3, 5..7].map(|rows| Members::Rows("some".into(), rows.collect()));
    let rows_of = |name: &str| {
        let on = On::Layer(name.into());
        two_groups(
            sources,
            [&members[0], &members[1]],
            &on,
            Taken::default(),
            &task(),
        )
    };
    let made = rows_of(names.last().unwrap()).unwrap();
    let width = made.problem.width();
    for (at, &image) in made.images.iter().enumerate() {
        let picture = dataset.images[image as usize].open().unwrap();
        let unit = encoder.embed_picture(&picture).unwrap();
        let label = f64::from(made.problem.labels()[at]);
        // A row read off by unit weights.
        let row: Vec<f64> = (0..width)
            .map(|k| {
                let mut w = vec![0.0; width];
                w[k] = 1.0;
                label * made.problem.scores(&w).unwrap()[at]
            })
            .collect();
        let length = row.iter().map(|v| v * v).sum::<f64>().sqrt();
        for (ours, theirs) in row.iter().zip(unit.row(0)) {
            assert!((ours / length - f64::from(*theirs)).abs() < 1e-5);
        }
    }
    // Some tensor has channels, height and width.
    let picture = names.iter().find(|name| name.contains("conv")).unwrap();
    let shape = rows_of(picture).unwrap().problem.fourier().shape();
    println!("{picture}: {shape:?}");
    assert!(shape.channels > 1 && shape.height > 1 && shape.width > 1);
    for (name, word) in [
        (encoder.image_tower().input_name(), "is what is fed"),
        ("no such tensor at all", "has no tensor"),
    ] {
        let error = rows_of(name).err().unwrap();
        assert!(error.to_string().contains(word), "{error}");
    }
    let none = Sources {
        encoder: None,
        ..sources
    };
    let on = On::Layer(names[0].clone());
    let lost = two_groups(
        none,
        [&members[0], &members[1]],
        &on,
        Taken::default(),
        &task(),
    );
    assert!(lost.err().unwrap().to_string().contains("no encoder"));
}
