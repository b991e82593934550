# %% [markdown]
# # Put a transformer in your network
#
# A spatial transformer predicts a transformation from an image and reads that very image through it. It stands at the input or
# between layers, in any network that torch trains. This page puts two into a small classifier, sees what each has to start
# with, trains them, and lets `stn-verify` say whether the transformation is right.

# %%
import inspect
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

import stn_production
import stn_verify
from stn_production import ConvolutionalLocalisation, FullyConnectedLocalisation, SpatialTransformer

# %% [markdown]
# ## Things that move
#
# Crosses and rings, each anywhere in an image of 16 x 16 pixels. Which of the two is it?


# %%
def drawn(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Images [N, 1, 16, 16] and their classes [N], 0 for a cross and 1 for a ring."""
    generator = torch.Generator().manual_seed(seed)
    ring = torch.ones(5, 5)
    ring[1:4, 1:4] = 0
    cross = torch.zeros(5, 5)
    cross[2], cross[:, 2] = 1, 1
    classes = torch.randint(2, (count,), generator=generator)
    corners = torch.randint(12, (count, 2), generator=generator)
    images = torch.zeros(count, 1, 16, 16)
    for image, kind, (row, column) in zip(images, classes.tolist(), corners.tolist(), strict=True):
        image[0, row : row + 5, column : column + 5] = ring if kind else cross
    return images, classes


images, classes = drawn(64, seed=0)

# %% [markdown]
# ## Two transformers
#
# A `SpatialTransformer` is a localisation network, which predicts theta [N, 2, 3], and the sampler. The first one below may
# move the image (2 parameters), the second one scale and move what the convolution found (3 parameters); 6 are an affine map.
#
# - **Channels are kept.** One theta moves all channels of an image alike, so that a transformer fits between any two layers.
# - **A localisation network is made for one size**, that of the images that it sees: behind the convolution it is 14 x 14.
# - **`padding`** says what lies outside. `zeros` draws a dark frame as soon as theta looks beyond the image, and that frame has
#   gradients of its own; `border` repeats the outermost pixels.
# - **`align_corners`** says whether -1 and 1 are the centres of the outermost pixels (`True`) or their outer edges (`False`).
#   Here one module makes the grid and samples. If you call `affine_grid` and `grid_sample` yourself, give both the same value:
#   with two, every image is scaled by (W - 1) / W, and nothing but a lower accuracy tells.

# %%
torch.manual_seed(0)
network = nn.Sequential(
    SpatialTransformer(
        ConvolutionalLocalisation(1, (16, 16), widths=(4, 8), kernel=3, hidden=(16,), parameters=2),
        padding="border",
    ),
    nn.Conv2d(1, 8, 3),
    nn.ReLU(),
    SpatialTransformer(FullyConnectedLocalisation(8, (14, 14), hidden=(16,), parameters=3), padding="border"),
    nn.AvgPool2d(2),
    nn.Flatten(),
    nn.Linear(8 * 7 * 7, 2),
)

# %% [markdown]
# ## The start: the identity
#
# The last layer of a localisation network starts with zero weights, and with the identity as its bias. The first output is the
# image itself, to the bit: putting a transformer in changes nothing until it has learned something.

# %%
first = network[0]
output, theta = first(images, return_theta=True)
assert torch.equal(output, images)
print("theta at the start:", theta[0].tolist())

# %% [markdown]
# Two things happen at such a start.
#
# **Every sample point lies on the centre of a pixel, a kink.** Between two pixels the sampler is a straight line, and at a pixel
# two of them meet: there is a slope to the left and one to the right, and a sampler has to take one. One whose neighbours are
# floor and *ceil* finds both in one place and takes zero: no gradient reaches theta, and the transformer never moves. This one
# takes the right-hand slope. `stn-verify identify` names the rule of any sampler, and `stn-verify check` warns of that zero.
#
# **The layers before the last one get no gradient in the first step**, for it reaches them through weights that are zero. The
# last layer itself gets one, and moves; from the second step on all of them do.


# %%
def reached(transformer: nn.Module) -> dict[str, bool]:
    """Whether a gradient has reached each parameter of a localisation network."""
    named = transformer.localisation.named_parameters()
    return {name: bool(parameter.grad.abs().sum() > 0) for name, parameter in named}


optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
losses = []
for step in range(40):
    images, classes = drawn(64, seed=step)
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(network(images), classes)
    loss.backward()
    losses.append(loss.item())
    if step < 2:
        print(f"step {step}: a gradient reaches", [name for name, there in reached(first).items() if there])
        last = {name: there for name, there in reached(first).items() if name.startswith("regression")}
        assert all(last.values())
        assert all(reached(first).values()) == (step > 0)
    optimizer.step()

# %% [markdown]
# ## It learns
#
# The images were new ones in every step, so that there was nothing to learn by heart.

# %%
print(f"loss: {losses[0]:.2f} at the start, {losses[-1]:.2f} after {len(losses)} steps")
assert losses[-1] < losses[0] / 2
moved = first(images, return_theta=True)[1][:, :, 2].abs().max().item()
print(f"the first transformer moves an image by up to {moved * 16 / 2:.1f} pixels")
assert moved > 0.01

# %% [markdown]
# ## Is the transformation right?
#
# A loss that falls does not show it: a network learns around a gradient that is off by a factor. What a `SpatialTransformer`
# does once theta is known is `SpatialTransform`, with the same choices. Here it stands as a function of image, theta and size, in
# a file of its own, because `stn-verify` runs what it checks in a process of its own.


# %%
@stn_verify.implementation(framework="torch", align_corners=False, padding="border", dtypes=("float32",))
def warp(image: Tensor, theta: Tensor, size: tuple[int, int]) -> Tensor:
    """[N,C,H,W], [N,2,3], (Ho, Wo) -> [N,C,Ho,Wo]."""
    return stn_production.SpatialTransform(size, align_corners=False, padding="border")(image, theta)


def checked(target: stn_verify.Implementation, *suites: str) -> int:
    """The exit status of `stn-verify check --quick`: 0 where the target conforms."""
    imports = "import stn_production\nimport stn_verify\nfrom torch import Tensor\n\n"
    source = imports + inspect.getsource(target.functions["transform"])
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "mine.py").write_text(source, encoding="utf-8")
        command = [sys.executable, "-m", "stn_verify", "check", f"mine.py:{target.name}", "--quick"]
        chosen = [option for suite in suites for option in ("--suite", suite)]
        done = subprocess.run([*command, *chosen], cwd=folder, capture_output=True, text=True, check=False)
    print(done.stdout)
    return done.returncode


# %% [markdown]
# The suite `module` puts `warp` twice into a network like the one above, and holds the output and the gradient of **every
# parameter of both localisation networks** against a reference in float64. `budget` is the largest error as a share of what
# rounding explains: at most 1 is right, and the last column is the arithmetic that the errors look like. Without `--quick` and
# `--suite`, everything there is gets checked: kinks, borders, coordinates that are not finite, memory layouts.

# %%
assert checked(warp, "module") == 0
