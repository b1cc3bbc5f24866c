//! How a transform of lines is cut into dispatches: radices, layouts, the shaders' parameters.

use crate::compute::gpu::device::Device;
use crate::compute::gpu::kernels::Kernel;

/// Longest line that a workgroup holds.
const HELD: usize = 1024;
/// Largest prime factor for which the plain sum is quick enough.
const QUICK: usize = 2048;
/// Bytes of the parameters of either kernel.
pub const PARAMS: u64 = 80;

/// The factors of `n`: 4, 2, 3, 5, 7, then other primes.
fn radices(mut n: usize) -> Vec<usize> {
    let mut factors = Vec::new();
    let mut radix = 4;
    while n > 1 {
        if n.is_multiple_of(radix) {
            factors.push(radix);
            n /= radix;
        } else if radix * radix > n && radix > 4 {
            // No smaller factor is left: n is prime.
            radix = n;
        } else {
            radix = match radix {
                4 => 2,
                2 => 3,
                odd => odd + 2,
            };
        }
    }
    factors
}

/// Are all prime factors of `n` small enough for the device's plain sum?
pub fn quick(n: usize) -> bool {
    radices(n).iter().all(|&r| r <= QUICK)
}

/// How the lines of planes are laid out in memory.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    length: usize,
    per_plane: usize,
    inner: usize,
    outer: usize,
    stride: usize,
}

impl Layout {
    /// The rows of planes.
    pub fn rows(height: usize, width: usize) -> Self {
        Self {
            length: width,
            per_plane: height,
            inner: 1,
            outer: width,
            stride: 1,
        }
    }

    /// The columns of planes.
    pub fn columns(height: usize, width: usize) -> Self {
        Self {
            length: height,
            per_plane: width,
            inner: width,
            outer: height * width,
            stride: width,
        }
    }

    /// The steps of one orthonormal transform; `real_in`, `real_out`: its source or target holds real numbers.
    pub fn steps(&self, inverse: bool, real_in: bool, real_out: bool) -> Vec<Step> {
        let radices = radices(self.length);
        let step = Step {
            one_stage: false,
            layout: *self,
            radices: Vec::new(),
            done: 1,
            inverse: [inverse; 2],
            real: [real_in, real_out],
            scale: (1.0 / (self.length as f64).sqrt()) as f32,
        };
        if self.length <= HELD {
            return vec![Step { radices, ..step }];
        }
        let mut done = 1;
        let last = radices.len() - 1;
        let stage = |(i, radix): (usize, usize)| {
            let stage = Step {
                one_stage: true,
                radices: vec![radix],
                done,
                inverse: [inverse && i == 0, inverse && i == last],
                real: [real_in && i == 0, real_out && i == last],
                scale: if i == last { step.scale } else { 1.0 },
                ..step
            };
            done *= radix;
            stage
        };
        radices.into_iter().enumerate().map(stage).collect()
    }
}

/// One dispatch over all lines.
#[derive(Debug, Clone)]
pub struct Step {
    /// One stage of long lines, or all stages of lines that a workgroup holds?
    one_stage: bool,
    layout: Layout,
    radices: Vec<usize>,
    done: usize,
    inverse: [bool; 2],
    real: [bool; 2],
    scale: f32,
}

impl Step {
    /// The kernel that does it.
    pub fn kernel(&self) -> Kernel {
        if self.one_stage {
            Kernel::FftStage
        } else {
            Kernel::Fft
        }
    }

    /// Does the source hold real numbers?
    pub fn real_in(&self) -> bool {
        self.real[0]
    }

    /// Does the target take real numbers?
    pub fn real_out(&self) -> bool {
        self.real[1]
    }

    /// Lines of a workgroup.
    fn together(&self) -> usize {
        (HELD / self.layout.length).max(1)
    }

    /// Workgroups for `planes` planes.
    pub fn groups(&self, planes: usize) -> usize {
        let lines = planes * self.layout.per_plane;
        if self.one_stage {
            let values = lines * self.layout.length;
            self.kernel().groups(values, 1)[0] as usize
        } else {
            lines.div_ceil(self.together())
        }
    }

    /// The kernel's parameters, in the order of the shader's struct.
    pub fn params(&self, planes: usize) -> [u32; PARAMS as usize / 4] {
        let l = self.layout;
        let lines = planes * l.per_plane;
        let [real_in, real_out] = self.real.map(usize::from);
        let [swap_in, swap_out] = self.inverse.map(usize::from);
        let place = [l.inner, l.outer, l.stride];
        let (head, tail) = if self.one_stage {
            (
                [l.length, lines, self.radices.iter().product(), self.done],
                [swap_in, swap_out, real_in],
            )
        } else {
            (
                [l.length, lines, self.together(), self.radices.len()],
                [swap_in, real_in, real_out],
            )
        };
        let mut params = [0; PARAMS as usize / 4];
        let numbers = head.into_iter().chain(place).chain(tail);
        for (to, number) in params.iter_mut().zip(numbers) {
            *to = number as u32;
        }
        if self.one_stage {
            params[10] = real_out as u32;
            params[11] = self.scale.to_bits();
        } else {
            params[10] = self.scale.to_bits();
        }
        for (to, &radix) in params.iter_mut().skip(12).zip(&self.radices) {
            *to = radix as u32;
        }
        params
    }
}

impl Device {
    /// `exp(-2 pi i t / n)` for all t, from float64.
    pub fn roots(&self, n: usize) -> wgpu::Buffer {
        let root = |t: usize| {
            let (sin, cos) = (-std::f64::consts::TAU * t as f64 / n as f64).sin_cos();
            [cos as f32, sin as f32]
        };
        let roots: Vec<[f32; 2]> = (0..n).map(root).collect();
        self.upload("roots", &roots)
    }
}
