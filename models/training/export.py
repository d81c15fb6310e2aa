"""Writes a run's averaged network as the ONNX file that the product loads.

    python -m models.training.export RUN_FOLDER/state.pt OUT.onnx [--side 416]

In: ``pictures`` (1, 3, side, side) float32, BGR 0..255, the frame at the top left of a square
padded with 114. Out: ``things`` (1, cells, 5 + labels), rows as YOLOX has them so that its decoder
serves both: centre from the cell's corner and logarithms of the sides, all in cells; objectness,
which is 1 here; the score of each label. The file says so itself (``metadata_props``).
"""

import argparse
import warnings
from pathlib import Path

import onnx
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.training.contracts import LABELS
from models.training.network import MEAN, Network

OPSET = 17


def fused(module: nn.Module) -> nn.Module:
    """Every batch normalisation folded into the convolution before it, in place."""
    for name, child in module.named_children():
        if isinstance(child, nn.Sequential) and len(child) > 1:
            first, second = child[0], child[1]
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                child[0], child[1] = fuse_conv_bn_eval(first, second), nn.Identity()
        setattr(module, name, fused(child))
    return module


class Product(nn.Module):
    """The network with its answers as rows of YOLOX."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        odds, raw, _ = self.network(pictures)
        return torch.cat([raw, torch.ones_like(raw[..., :1]), odds.sigmoid()], 2)


def exported(network: Network, side: int, out: Path) -> None:
    product = Product(fused(network.eval())).eval()
    example = torch.full((1, 3, side, side), MEAN)
    with warnings.catch_warnings():
        # The newer exporter needs a further package and gives the same graph.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            product,
            (example,),
            str(out),
            input_names=["pictures"],
            output_names=["things"],
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(out)
    told = {"decoder": "yolox", "labels": ",".join(LABELS), "side": str(side), "colours": "BGR"}
    onnx.helper.set_model_props(model, told)
    onnx.checker.check_model(model)
    onnx.save(model, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--side", type=int, default=416)
    options = parser.parse_args()
    network = Network()
    state = torch.load(options.state, map_location="cpu", weights_only=True)
    network.load_state_dict(state["average"])
    exported(network, options.side, options.out)


if __name__ == "__main__":
    main()
