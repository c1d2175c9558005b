"""The package's blocks as they are in eval mode, in fewer operations.

Every sum is the package's, in another order: frames stay within 1e-5 of those of `MuQ.forward`. A 30 s window takes
37 % less processor time in float32 (docs/benchmarks.md): 3 x 3 convolutions of stride 1 by Winograd's algorithm
(NNPACK, 24 %); attention in one operation (5 %); in residual blocks batch normalisation folded into the convolution
before it, sums and rectifiers in place, and two convolutions of one input as one (7 %); the conformer's convolutions
with channels last (1 %).
"""

from priosig._core.extras import need

try:
    import torch
    from torch import nn
    from torch.nn import functional
    from torch.nn.utils.fusion import fuse_conv_bn_eval
except ModuleNotFoundError:
    need("torch", "MuQ")
    raise

# From which on Winograd's transforms pay: in windows of 1 s in the first block, of 4 s in the second.
_CHANNELS, _POSITIONS = 64, 3000


def rewrite(model: nn.Module, precision: str) -> nn.Module:
    """Replace the blocks of the muq package's `MuQ`, in eval mode and float32, by those of this module; returns it.

    Attention with other than rotary positions is left as it is. For "bfloat16" the weights of products are rounded
    here, once; autocast would round them in the same way in every batch.
    """
    encoder = model.model
    for number, block in enumerate(encoder.conv.conv):
        encoder.conv.conv[number] = ResidualBlock(block)
    for layer in encoder.conformer.layers:
        layer.conv_module = ConvolutionModule(layer.conv_module)
        if layer.self_attn.position_embeddings_type == "rotary":
            layer.self_attn = RotaryAttention(layer.self_attn)
    if precision == "bfloat16":
        for module in model.modules():
            if isinstance(module, nn.Linear):
                module.to(torch.bfloat16)
    return model


class ResidualBlock(nn.Module):
    """`Res2dModule`: two convolutions, and a third beside them; (B, C, F, T) to (B, C', F / 2, T / 2)."""

    def __init__(self, block: nn.Module):
        super().__init__()
        inner, shortcut = fuse_conv_bn_eval(block.conv1, block.bn1), fuse_conv_bn_eval(block.conv3, block.bn3)
        self.stride = block.conv1.stride
        self.weight = nn.Parameter(torch.cat([inner.weight, shortcut.weight]), requires_grad=False)
        self.bias = nn.Parameter(torch.cat([inner.bias, shortcut.bias]), requires_grad=False)
        self.second = fuse_conv_bn_eval(block.conv2, block.bn2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner, shortcut = self._first(x).chunk(2, dim=1)
        return _convolve(self.second, inner.relu_()).add_(shortcut).relu_()

    def _first(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[1] > 1 or x.device.type != "cpu":
            return functional.conv2d(x, self.weight, self.bias, self.stride, padding=1)
        patches = functional.unfold(x, 3, padding=1, stride=self.stride)
        size = [(n - 1) // step + 1 for n, step in zip(x.shape[2:], self.stride, strict=True)]
        with torch.autocast("cpu", enabled=False):  # so small a product is not worth two conversions of its result
            return (self.weight.flatten(1) @ patches).add_(self.bias[:, None]).unflatten(2, size)


def _convolve(conv: nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
    """A 3 x 3 convolution of stride 1; where NNPACK does it, in float32 whatever the arithmetic around."""
    many = x.shape[1] >= _CHANNELS and x.shape[2] * x.shape[3] >= _POSITIONS
    if not (many and x.device.type == "cpu" and torch._nnpack_available()):  # asking also readies it
        return conv(x)
    # One window at a time: for several at once NNPACK takes a Fourier transform, which is slower than conv.
    parts = [
        torch._nnpack_spatial_convolution(window, conv.weight, conv.bias, conv.padding)
        for window in x.float().split(1)
    ]
    return parts[0] if len(parts) == 1 else torch.cat(parts)


class RotaryAttention(nn.Module):
    """`Wav2Vec2ConformerSelfAttention` with rotary positions, without dropout; (B, T, D) to (B, T, D)."""

    def __init__(self, attention: nn.Module):
        super().__init__()
        self.package = attention

    def forward(self, hidden_states, attention_mask=None, relative_position_embeddings=None, output_attentions=False):
        package = self.package
        rotated = package._apply_rotary_embedding(hidden_states, relative_position_embeddings)
        query, key, value = (
            linear(x).unflatten(-1, (package.num_heads, package.head_size)).transpose(1, 2)
            for linear, x in (
                (package.linear_q, rotated),
                (package.linear_k, rotated),
                (package.linear_v, hidden_states),
            )
        )
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return package.linear_out(mixed.transpose(1, 2).flatten(2)), None


class ConvolutionModule(nn.Module):
    """`Wav2Vec2ConformerConvolutionModule` without dropout; (B, T, D) to (B, T, D)."""

    def __init__(self, module: nn.Module):
        super().__init__()
        self.layer_norm = module.layer_norm
        self.widen = _as_linear(module.pointwise_conv1)
        depthwise = fuse_conv_bn_eval(module.depthwise_conv, module.batch_norm)
        self.weight = nn.Parameter(depthwise.weight[:, :, None], requires_grad=False)
        self.bias = depthwise.bias
        self.activation = module.activation
        self.narrow = _as_linear(module.pointwise_conv2)

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        hidden = functional.glu(self.widen(self.layer_norm(hidden_states)))
        image = hidden.transpose(1, 2).unsqueeze(2)  # channels last in memory, which the CPU likes best
        if image.device.type != "cpu":
            image = image.contiguous()
        length = self.weight.shape[-1]
        image = functional.conv2d(image, self.weight, self.bias, padding=(0, length // 2), groups=len(self.weight))
        return self.narrow(self.activation(image.squeeze(2).transpose(1, 2)))


def _as_linear(conv: nn.Conv1d) -> nn.Linear:
    linear = nn.utils.skip_init(nn.Linear, conv.in_channels, conv.out_channels, bias=False)  # draws no random numbers
    linear.weight = nn.Parameter(conv.weight[:, :, 0], requires_grad=False)
    return linear
