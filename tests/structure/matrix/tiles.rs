//! Tiles of the matrix.

use super::*;

fn tile(samples: usize) -> Arc<Tile> {
    let mut tile = Tile {
        samples,
        ..Tile::default()
    };
    tile.cells.high = vec![0.0; SIDE * SIDE];
    Arc::new(tile)
}

#[test]
fn tiles_that_were_not_shown_for_long_go_first() {
    let key = |n| TileKey {
        level: [0, 0],
        at: [n, 0],
    };
    let room = 3 * tile(1).bytes();
    let mut tiles = Pyramid::new(room);
    for n in 0..3 {
        assert!(tiles.insert(key(n), tile(1)).is_empty());
        tiles.touch(&[key(n)]);
    }
    tiles.touch(&[key(0), key(2)]);
    assert_eq!(tiles.insert(key(3), tile(1)), [key(1)]);
    assert_eq!((tiles.len(), tiles.bytes()), (3, room));
    assert!(tiles.get(key(1)).is_none() && tiles.get(key(0)).is_some());
    // A better one takes the place of a worse one, never the other way round.
    assert!(tiles.insert(key(3), tile(16)).is_empty());
    tiles.insert(key(3), tile(4));
    assert_eq!(tiles.get(key(3)).expect("there").samples, 16);
    assert_eq!(tiles.bytes(), room);
    // What is shown stays, room or not.
    tiles.touch(&[key(0), key(2), key(3), key(4)]);
    assert!(tiles.insert(key(4), tile(1)).is_empty());
    tiles.clear();
    assert_eq!((tiles.bytes(), tiles.is_empty()), (0, true));
}

#[test]
fn colours_run_over_the_scores() {
    let groups = Groups::uniform(200, 2);
    let (images, texts) = (random(200, 6, 8), random(400, 6, 9));
    let range = range_of_scores(&images, &texts, &groups);
    let mut scores: Vec<f64> = (0..200)
        .flat_map(|i| (0..400).map(move |j| (i, j)))
        .map(|(i, j)| dot(&images, i, &texts, j))
        .collect();
    scores.sort_by(f64::total_cmp);
    let quantile = |share: f64| scores[(share * scores.len() as f64) as usize];
    assert!(f64::from(range.low) > quantile(0.005) && f64::from(range.low) < quantile(0.02));
    assert!(f64::from(range.high) > quantile(0.99) && range.high <= 1.0);
    assert_eq!(
        (
            range.share(range.low),
            range.share(range.high),
            range.share(-2.0)
        ),
        (0.0, 1.0, 0.0)
    );
    let mut shown = Tile::default();
    shown.cells.high = (0..1001).map(|n| n as f32 / 1000.0).collect();
    let found = range_of_tiles(&[Arc::new(shown)], false).expect("a range");
    assert!((found.low - 0.01).abs() < 2e-3 && (found.high - 0.998).abs() < 2e-3);
    assert!(range_of_tiles(&[], false).is_none());
}

#[test]
fn making_a_tile_can_be_cancelled() {
    let groups = Groups::uniform(50, 1);
    let (images, texts) = (random(50, 4, 1), random(50, 4, 2));
    let task = Task::detached();
    task.cancel();
    let key = TileKey {
        level: [0, 0],
        at: [0, 0],
    };
    let arrangement = Arrangement::dataset(&groups);
    let made = make_tile(&Cpu, &images, &texts, &arrangement, key, ALL, &task);
    assert!(made.is_err_and(|e| e.is_cancelled()));
    assert!(clusters(&Cpu, &images, None, &task).is_err_and(|e| e.is_cancelled()));
}
