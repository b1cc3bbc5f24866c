//! The sizes of an operator over windows of blocked planes that is taken back.

/// Sizes, each as `[high, wide]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// Of the cotangent.
    pub from: [usize; 2],
    /// Of what is made.
    pub to: [usize; 2],
    /// Of the kernel.
    pub kernel: [usize; 2],
    pub strides: [usize; 2],
    /// Places that the operator added above and at the left.
    pub pads: [usize; 2],
    /// Channels that lie beside each other: 8 or 16.
    pub lanes: usize,
}

impl Windows {
    /// As whole numbers, for an attribute of a node.
    pub fn encode(&self) -> Vec<i64> {
        let pairs = [self.from, self.to, self.kernel, self.strides, self.pads];
        let numbers = pairs.into_iter().flatten().chain([self.lanes]);
        numbers.map(|n| n as i64).collect()
    }

    /// The sizes in `numbers`; `None` where no such operator is.
    pub fn decode(numbers: &[i64]) -> Option<Self> {
        let numbers = numbers.iter().map(|&n| usize::try_from(n).ok());
        let numbers = numbers.collect::<Option<Vec<_>>>()?;
        let &[a, b, c, d, e, f, g, h, i, j, lanes] = numbers.as_slice() else {
            return None;
        };
        let sound = [a, b, c, d, e, f, g, h]
            .iter()
            .all(|&n| (1..1 << 16).contains(&n))
            && [i, j].iter().all(|&n| n < 1 << 16)
            && matches!(lanes, 8 | 16);
        sound.then_some(Self {
            from: [a, b],
            to: [c, d],
            kernel: [e, f],
            strides: [g, h],
            pads: [i, j],
            lanes,
        })
    }

    /// Values of a plane of the cotangent, all its lanes.
    pub fn len_from(self) -> usize {
        self.from[0] * self.from[1] * self.lanes
    }

    /// Values of a plane of what is made, all its lanes.
    pub fn len_to(self) -> usize {
        self.to[0] * self.to[1] * self.lanes
    }

    /// Values of the kernel of a channel.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// The taps that reach a place of a side (0: rows, 1: columns), and where each reads: `place + pad = stride * at + tap`.
    pub fn taps_of(&self, place: usize, side: usize) -> Vec<(usize, usize)> {
        let (padded, stride) = (place + self.pads[side], self.strides[side]);
        let taps = (padded % stride..self.kernel[side]).step_by(stride);
        taps.take_while(|&tap| tap <= padded)
            .map(|tap| (tap, (padded - tap) / stride))
            .filter(|&(_, at)| at < self.from[side])
            .collect()
    }
}
